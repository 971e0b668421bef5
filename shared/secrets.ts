import { stripControls } from "./controls.ts";

/** Names of environment variables whose values are secret, such as OPENAI_API_KEY. */
const SECRET_NAME = /(?:KEY|TOKEN|SECRET|PASSWORD)$/i;
/** A list of headers, such as OTEL_EXPORTER_OTLP_HEADERS: "name=value,name=value". */
const HEADERS_NAME = /HEADERS$/i;
/** An address, in which a user's name and a password may stand before the host. */
const URL_NAME = /(?:URL|ENDPOINT|PROXY)$/i;

/** Shorter keys are placeholders, such as "none" or "ollama", that are words in other texts as well. */
const MIN_KEY = 7;
const MIN_PASSWORD = 4;

/** What stands before the host in any URL. */
const CREDENTIALS = /:\/\/[^\s/?#@]*@/g;

function decode(text: string): string[] {
  try {
    return [decodeURIComponent(text)];
  } catch {
    // A percent sign that encodes nothing: the text is what it is.
    return [];
  }
}

/** The user's name and the password in an address, and their parts, whether it is a valid URL or not. */
function credentialsIn(address: string): string[] {
  const end = address.lastIndexOf("@");
  if (end < 0) return [];
  const [, begin = address] = /^[a-z][a-z\d+.-]*:\/\/(.*)$/is.exec(address) ?? [];
  const credentials = begin.slice(0, begin.lastIndexOf("@"));
  const [name = "", ...rest] = credentials.split(":");
  const password = rest.join(":");
  const secrets = [password, ...password.split(/[@/?#]/)].filter(
    ({ length }) => length >= MIN_PASSWORD,
  );
  const names = name.length >= MIN_KEY ? [name] : [];
  return [...names, ...secrets].flatMap((secret) => [secret, ...decode(secret)]);
}

/** The secrets in the value of an environment variable. */
function secretsIn(name: string, value: string): string[] {
  if (URL_NAME.test(name)) return credentialsIn(value);
  const headers = HEADERS_NAME.test(name) ? value.split(",") : [];
  const keys = headers.map((header) => header.slice(header.indexOf("=") + 1).trim());
  if (SECRET_NAME.test(name)) keys.push(value);
  return keys.filter(({ length }) => length >= MIN_KEY);
}

/** A secret in the forms in which an error may quote it: as it is, line by line, escaped. */
function formsOf(secret: string): string[] {
  const pieces = secret.split(/[\s"'\\]+/).filter((piece) => piece.length >= MIN_PASSWORD);
  const escaped = [JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  // A server may drop control characters alone, and a terminal's guard whole sequences.
  const bare = [secret.replace(/\p{Cc}/gu, ""), stripControls(secret)];
  return [...pieces, secret, ...bare, ...escaped];
}

function findSecrets(): string[] {
  const secrets = Object.entries(process.env).flatMap(([name, value = ""]) => {
    return secretsIn(name, value.trim()).flatMap(formsOf);
  });
  // The longest first, since one may be a part of another.
  return [...new Set(secrets)].toSorted((one, other) => other.length - one.length);
}

/** Takes a text, returns it with *** for all that came from a key or from a URL's credentials. */
export function hideSecrets(text: string): string {
  let hidden = text.replace(CREDENTIALS, "://***@");
  for (const secret of findSecrets()) hidden = hidden.replaceAll(secret, "***");
  return hidden;
}

/** How long the end of a text is that may be the beginning of a secret, of which more may come. */
export function lengthOfHalfSecret(text: string): number {
  const lengths = findSecrets().map((secret) => {
    let length = Math.min(text.length, secret.length - 1);
    while (length > 0 && !text.endsWith(secret.slice(0, length))) length--;
    return length;
  });
  return Math.max(0, ...lengths);
}
