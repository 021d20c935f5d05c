/** What a JSON Web Token says of itself, unverified: the server is who checks. Null: not one. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | null {
  const [, part, signature, more] = token.split('.');
  if (!part || signature === undefined || more !== undefined) return null;
  try {
    const claims: unknown = JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof claims === 'object' && claims !== null ? { ...claims } : null;
  } catch {
    return null;
  }
}

/** Who it is for. */
export function subjectOf(token: string): string | null {
  const subject = claimsOf(token)?.['sub'];
  return typeof subject === 'string' ? subject : null;
}
