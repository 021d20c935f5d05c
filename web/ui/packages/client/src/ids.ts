/** A fresh id. `randomUUID` needs a secure context; desks on plain http intranets have none. */
export function newId(): string {
  return crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-');
}
