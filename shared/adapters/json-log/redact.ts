/** What stands in a log line where a secret stood. */
const REDACTED = "[redacted]";

/** Shorter values are words that also mean something else; no secret is as short. */
const SECRET_CHARS_MIN = 8;

/**
 * Texts that are secret wherever they come from: tokens behind their scheme, IAM tokens, what signs
 * a URL, and a password in one. What stands in front of the secret stays.
 */
const PATTERNS: readonly RegExp[] = [
  /\b(Bearer |Api-Key |Basic )[A-Za-z0-9._~+/=-]{8,}/gi,
  /()\bt1\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*/g,
  /([?&](?:X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|signature|token|sig)=)[^&\s"']+/gi,
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"':]{1,200}:[^\s/@"']{1,200}(?=@)/gi,
];

/**
 * A net below the rule that no text of ours holds a secret: texts come from other programs too, which
 * quote what they were given. `secrets` are values that are secret whatever they look like.
 */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const known = secrets.filter((secret) => secret !== undefined);
  const values = known.filter((secret) => secret.length >= SECRET_CHARS_MIN);
  return (text) => {
    let clean = text;
    for (const value of values) clean = clean.replaceAll(value, REDACTED);
    for (const pattern of PATTERNS) clean = clean.replace(pattern, `$1${REDACTED}`);
    return clean;
  };
}

/** Names of variables whose values are secret. */
const SECRET_NAME = /(SECRET|TOKEN|PASSWORD|CREDENTIALS|_HEADERS|ACCESS_KEY)/;

/** The values of an environment that are secret by their names; one that holds several, each. */
export function secretsIn(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined || !SECRET_NAME.test(name)) return [];
    // Headers are `key=value,key=value`.
    const parts = value.split(/[,=]/).map((part) => part.trim());
    return [value, ...(name.endsWith("_HEADERS") ? parts.slice(1) : [])];
  });
}
