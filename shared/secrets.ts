/** Names of environment variables whose values are secret, such as OPENAI_API_KEY. */
const SECRET_NAME = /(?:KEY|TOKEN|SECRET|PASSWORD|HEADERS)$/i;

/** Shorter keys are placeholders, such as "none" or "ollama", that are words in other texts as well. */
const MIN_KEY = 7;
const MIN_PASSWORD = 4;

/** What stands before the host in a URL: a user's name and a password. */
const CREDENTIALS = /:\/\/[^\s/?#@]*@/g;

/** A secret in the forms in which an error may quote it: as it is, line by line, escaped. */
function formsOf(secret: string): string[] {
  const pieces = secret.split(/[\s"'\\]+/).filter((piece) => piece.length >= MIN_PASSWORD);
  return [...pieces, secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}

/** The user's name and the password in a URL, encoded as they stand there and decoded. */
function credentialsIn(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { username, password } = new URL(text);
  const names = username.length >= MIN_KEY ? [username] : [];
  const passwords = password.length >= MIN_PASSWORD ? [password] : [];
  const encoded = [...names, ...passwords];
  return [...encoded, ...encoded.flatMap(decode)];
}

function decode(text: string): string[] {
  try {
    return [decodeURIComponent(text)];
  } catch {
    // A percent sign that encodes nothing: the text is what it is.
    return [];
  }
}

function findSecrets(): string[] {
  const secrets = Object.entries(process.env).flatMap(([name, value = ""]) => {
    const text = value.trim();
    const key = SECRET_NAME.test(name) && text.length >= MIN_KEY ? [text] : [];
    return [...key, ...credentialsIn(text)].flatMap(formsOf);
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
