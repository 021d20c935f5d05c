/** Where an address of somebody else's leads, if it may be followed from our page. */
import { readable } from '../foreign.ts';

export interface Destination {
  href: string;
  /** The host, the address to write to or the number. */
  name: string;
  isPage: boolean;
}

/** Whether words say by themselves where they lead. A host in the middle of another says nothing. */
export function isSaidBy(text: string, { name }: Destination): boolean {
  const said = text.trim().replace(/^(?:https?:\/\/|mailto:|tel:)/i, '').toLowerCase();
  const rest = said.slice(name.length);
  return said.startsWith(name.toLowerCase()) && !/^[.:@-]*[\p{L}\p{N}]/u.test(rest);
}

/** Anything else, such as javascript:, is not made a link. */
export function destinationOf(url: string | undefined): Destination | null {
  if (url === undefined) return null;
  try {
    const { protocol, host, pathname, href, username } = new URL(url);
    if (protocol === 'http:' || protocol === 'https:') {
      return username === '' ? { href, name: host, isPage: true } : null;
    }
    if (protocol !== 'mailto:' && protocol !== 'tel:') return null;
    return { href, name: readable(decodeURIComponent(pathname)), isPage: false };
  } catch {
    return null; // no address, or one that is not encoded as addresses are
  }
}
