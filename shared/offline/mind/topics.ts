// The words that show what a sentence is about.

// Without the look-behind, the search would start at each letter of a long word.
export const ADDRESS = /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/;
/** Words that are always about the weather. */
export const WEATHER =
  /\b(?:weather|forecasts?|temp(?:erature)?s?|degrees|umbrella|sunscreen|sunglasses|freezing|humid(?:ity)?|storm(?:s|y)?|rain(?:s|y|ing|ier|iest)?|snow(?:s|y|ing)?|sunn(?:y|ier|iest)|wind(?:y|ier|iest)|cloudy|(?:warm|hot|hott|cold|cool|chilli)(?:er|est))\b/i;
/** Words that are about the weather if a place stands beside them, or in "is it cold?". */
export const FEELING =
  /\b(?:warm|hot|cold|cool|chilly|sun|dry|wet|need an? (?:coat|jacket)|should i wear)\b/i;
export const IS_IT =
  /\b(?:is|will) it (?:be )?(?:very |so |too |really )?(?:warm|hot|cold|cool|chilly|dry|wet)\b/i;
/** Words that are about the weather if a well-known city stands beside them. */
export const COMPARE = /\b(?:compar(?:e|ing|ison)|difference between)\b/i;
/** "What is it like in Cairo?", "How is it in Cairo?", "What is Cairo like?" */
export const LIKE =
  /\bwhat(?:'?s| is) it like\b|\bhow(?:'s| is) it (?=in\b)|\bwhat(?:'s| is) (?=\p{Lu}[^?.]* like\b)/iu;

/** "My name is Bob" is not a question about the profile. */
export const PROFILE =
  /\bwho (?:am i|i am)\b|(?<!\bdid )\bmy (?:name|profile|(?:e-?)?mail address|e-?mail|mail|address)\b(?! is \w)/i;
export const MAILBOX =
  /\b(?:read|show|list|check|open)\b[^.?!]*\b(?:mailbox|inbox|e-?mails|mails|my (?:e-?)?mail)\b|\bin (?:my|the) (?:mailbox|inbox)\b|\b(?:how many|what|which) e-?mails\b/i;
export const TOOLS =
  /\b(?:what|which|how many) tools\b|\b(?:list|show|name|describe)\b[^.?!]*\btools\b|\bwhat (?:can|could) you do\b|\byour tools\b|^\W*help(?: me)?\W*$/i;
export const SELF =
  /\bwho (?:are you|you are)\b|\bwhat (?:are you|you are|can you do|do you (?:do|know))\b|\bare you (?:an?|the|real|human|chatgpt|gpt|claude|gemini)\b|\b(?:what|which) model\b|\bthis an? \w+ model\b|\byour name\b|\bhow are you\b|\bwho made you\b|^\W*help(?: me)?\W*$|^\W*(?:hello|hi|hey|good (?:morning|afternoon|evening))\b/i;
export const THANKS = /^\W*(?:thanks|thank you)\b/i;
