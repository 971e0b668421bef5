/** Texts that a terminal would obey, and what must be left of them. */
export const SEQUENCES: readonly (readonly [name: string, text: string, left: string])[] = [
  ["colour", "\u001b[31mred\u001b[0m", "red"],
  ["colour, in one character", "\u009b31mred", "red"],
  ["cursor", "a\u001b[2J\u001b[1;1Hb", "ab"],
  ["title", "a\u001b]0;owned\u0007b", "ab"],
  ["title, in C1", "a\u009d0;owned\u009cb", "ab"],
  ["clipboard", "a\u001b]52;c;cm0gLXJm\u001b\\b", "ab"],
  ["link", "\u001b]8;;http://evil.example\u001b\\here\u001b]8;;\u001b\\", "here"],
  ["device control", "a\u0090q\u009cb", "ab"],
  ["one character of C1", "a\u0085b\u009cc", "abc"],
  ["reset", "a\u001bcb", "ab"],
  ["half a sequence", "a\u001b[3", "a"],
  ["return", "safe\rsham", "safesham"],
  ["backspace", "safe\b\b\b\bsham", "safesham"],
  ["bell and delete", "a\u0007b\u007fc\u0000d", "abcd"],
  ["direction", "a\u202eb\u2066c\u200fd\u061ce", "abcde"],
  ["tab and newline", "a\tb\nc", "a\tb\nc"],
];
