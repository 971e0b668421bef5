import { stripControls } from "./controls.ts";

/** Names of environment variables whose values are secret, such as OPENAI_API_KEY. */
const SECRET_NAME = /(?:KEY|TOKEN|SECRET|PASSWORD)$/i;
/** A list of headers, such as OTEL_EXPORTER_OTLP_HEADERS: "name=value,name=value". */
const HEADERS_NAME = /HEADERS$/i;
/** An address. It may contain a user name and a password before the host. */
const URL_NAME = /(?:URL|ENDPOINT|PROXY)$/i;

/** Shorter keys are placeholders, such as "none" or "ollama". They are ordinary words in other texts. */
const MIN_KEY = 7;
const MIN_PASSWORD = 4;

/** The user name and password in any URL. */
const CREDENTIALS = /:\/\/[^\s/?#@]*@/g;

function decode(text: string): string[] {
  try {
    return [decodeURIComponent(text)];
  } catch {
    // A percent sign that encodes nothing: there is no decoded form.
    return [];
  }
}

/** The user name and password in an address, and their parts. The address need not be a valid URL. */
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
  // A server may drop control characters, and stripControls drops whole sequences.
  const bare = [secret.replace(/\p{Cc}/gu, ""), stripControls(secret)];
  return [...pieces, secret, ...bare, ...escaped];
}

function findSecrets(): string[] {
  const secrets = Object.entries(process.env).flatMap(([name, value = ""]) => {
    return secretsIn(name, value.trim()).flatMap(formsOf);
  });
  // The longest first, since one secret may be a part of another.
  return [...new Set(secrets)].toSorted((one, other) => other.length - one.length);
}

/** Takes a text, returns it with *** in place of keys and of user names and passwords in URLs. */
export function hideSecrets(text: string): string {
  let hidden = text.replace(CREDENTIALS, "://***@");
  for (const secret of findSecrets()) hidden = hidden.replaceAll(secret, "***");
  return hidden;
}

/** The length of the end of a text that may be the beginning of a secret. */
export function lengthOfHalfSecret(text: string): number {
  const lengths = findSecrets().map((secret) => {
    let length = Math.min(text.length, secret.length - 1);
    while (length > 0 && !text.endsWith(secret.slice(0, length))) length--;
    return length;
  });
  return Math.max(0, ...lengths);
}
