// Words that are never part of a place's name. They show where a name ends.

const GRAMMAR =
  "a an the this that these those my your our his her their its me us him them it i you we he she they there here " +
  "and or but so because if when while than then versus vs is are was were be been being am do does did have has had " +
  "can could will would shall should may might must not no yes to from with without by via as on into about like " +
  "what's how's it's that's who's where's let's i'm i'd i'll don't isn't doesn't who what where how which why whose " +
  "in at of for between near around inside outside over under above below per until till since during before after";
const MANNERS =
  "please thanks thank hello hi hey ok okay well also too again just only once twice slip really very quite more most less least " +
  "much many both all each every any some other another same else one two three either anywhere everywhere";
const VERBS =
  "get tell give show say ask let go make use run try call find look looks looking check compare rank sort translate send write mail " +
  "email e-mail forward know knows want need take bring wear buy book plan planning travel fly going get getting " +
  "compared comparing comparison list read open see think feel feels help answer explain define describe report reports " +
  "expect expected live living stay visit come first second finally";
const WEATHER =
  "weather forecast forecasts temperature temperatures degree degrees umbrella rain rains rainy raining rainier " +
  "rainiest snow snows snowy snowing sun sunny sunnier sunniest wind windy windier windiest cloudy dry wet warm " +
  "warmer warmest hot hotter hottest cold colder coldest cool cooler coolest chilly chillier chilliest difference " +
  "climate outside conditions sky jacket coat temp temps storm storms stormy humid humidity freezing sunscreen sunglasses";
const TIMES =
  "now today day days tonight tomorrow yesterday moment currently right morning noon afternoon evening night midnight week " +
  "weekend month year next last later soon time times monday tuesday wednesday thursday friday saturday sunday " +
  "january february march april june july august september october november december spring summer autumn fall winter";
const THINGS =
  "city cities capital place places town towns country countries world earth everyone celsius fahrenheit kelvin english french german spanish italian " +
  "summary message messages mail mails e-mails emails letter note tool tools mode order case general detail details " +
  "short total advance location middle fact home work school nice good bad great lovely fine current local best worst better worse " +
  "big average exact hi-res kind sort life question name profile address inbox mailbox something anything nothing " +
  "everything";

const WORDS = new Set(`${GRAMMAR} ${MANNERS} ${VERBS} ${WEATHER} ${TIMES} ${THINGS}`.split(" "));

/** Takes a word, returns true if it cannot be part of a place's name. */
export function isOrdinary(word: string): boolean {
  return WORDS.has(word.toLowerCase().replace(/'s$/, "")) || !/\p{L}/u.test(word);
}

/** Well-known names of one word. Side by side, they are several places. */
const CITIES = new Set(
  (
    "amsterdam athens atlanta auckland bangkok barcelona beijing berlin boston brussels budapest cairo chicago " +
    "copenhagen dallas delhi denver dubai dublin geneva hamburg helsinki houston istanbul jakarta la lima lisbon " +
    "london madrid manila mcmurdo melbourne miami milan moscow mumbai munich nairobi oslo paris pompeii prague " +
    "rome seattle seoul shanghai singapore stockholm sydney tokyo toronto vancouver vienna vostok warsaw zurich"
  ).split(" "),
);

/** The first words of names of two words. */
const FIRST_WORD = /^(?:new|san|los|las|st\.?|hong|cape|rio|el|la|mexico|kuala|buenos)$/i;

/** Takes a word, returns true if it may begin a name of two words, as in New York. */
export function isFirstWord(word: string): boolean {
  return FIRST_WORD.test(word);
}

/** Takes a name, returns true if it is certainly a city: a well-known one, or one like New York. */
export function isCity(name: string): boolean {
  const [first = "", ...others] = name.split(" ");
  return CITIES.has(name.toLowerCase()) || (others.length > 0 && isFirstWord(first));
}

/** Small words that may stand inside the name of a place, as in Rio de Janeiro. */
const INNER = new Set("de da do del di la le las los of upon am an der den sur el".split(" "));

/** Takes a word, returns true if it may stand between two words with capitals in one name. */
export function isInner(word: string): boolean {
  return INNER.has(word);
}

const REGIONS = new Set(
  "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC D.C D.C. UK US USA California Texas Ohio China Egypt England Kenya India Peru France Australia Japan Norway Italy Spain Germany Canada Brazil".split(
    " ",
  ),
);

/** Takes a name, returns true if it is the state or country of the place before it. */
export function isRegion(name: string): boolean {
  return REGIONS.has(name);
}
