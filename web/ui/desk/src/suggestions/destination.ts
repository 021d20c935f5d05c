/** Where an address of somebody else's leads, if it may be followed from our page. */
import { readable } from '../foreign.ts';

export interface Destination {
  href: string;
  /** The host, the address to write to or the number. */
  name: string;
  isPage: boolean;
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
