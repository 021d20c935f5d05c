/**
 * Where an outbox is kept, so that a reload or a crashed tab loses no verdict. What is kept
 * are ids and choices, never a word of a call or a document.
 */

/** A verdict or a dismissal that the server has not acknowledged. */
export interface StoredItem {
  /** Its feedback_id: sent again under the same id it counts once. */
  id: string;
  /** Whose: never sent in another user's name. */
  owner: string;
  /**
   * In which tenant: never sent in another one's session. Absent or '': given before a session
   * said it, or kept by a version that did not know; the next session that takes it has it.
   */
  tenant?: string;
  /** Which tab sends it. */
  tab: string;
  call_id: string;
  doc_id: string;
  helpful: boolean | null;
  /** A dismissal instead of a verdict. */
  dismissed: boolean;
  /** Milliseconds since 1970, local clock. */
  created_at: number;
  attempts: number;
}

export interface OutboxStore {
  /** All of this owner, of every tab, oldest first. */
  load(owner: string): Promise<StoredItem[]>;
  /** Write one. Older ones that it replaces go in the same step, whichever tab's they are. */
  put(item: StoredItem): Promise<void>;
  /** True: it is still there, and `tab` is now the one that sends it. */
  take(id: string, tab: string): Promise<boolean>;
  delete(id: string): Promise<void>;
  clear(owner: string): Promise<void>;
  /** For browsers without locks: `tab` lives until then (local clock); 0: it is gone. */
  lease(tab: string, until: number): Promise<void>;
  /** Until when that tab is known to live; 0 when nothing is known. */
  leasedUntil(tab: string): Promise<number>;
}

/**
 * Two of which the later one makes the earlier one pointless. Before a session nobody knows whose
 * tenant an item is; one person's later word on the same document of the same call is taken for
 * the same tenant's, or an older word given offline would be sent behind it.
 */
export function replaces(later: StoredItem, earlier: StoredItem): boolean {
  return (
    later.id !== earlier.id &&
    later.owner === earlier.owner &&
    (!later.tenant || !earlier.tenant || later.tenant === earlier.tenant) &&
    later.call_id === earlier.call_id &&
    later.doc_id === earlier.doc_id &&
    later.dismissed === earlier.dismissed
  );
}
