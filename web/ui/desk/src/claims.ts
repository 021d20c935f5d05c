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

/** Whose: agents of two tenants may have one name. Null: a development token's. */
export function tenantOf(token: string | null): string {
  const tenant = token === null ? null : claimsOf(token)?.['tenant'];
  return typeof tenant === 'string' ? tenant : 'default';
}
