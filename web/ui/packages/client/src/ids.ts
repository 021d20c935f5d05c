/** A fresh id of 128 random bits. Not `randomUUID`: desks on plain http intranets have none. */
export function newId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
