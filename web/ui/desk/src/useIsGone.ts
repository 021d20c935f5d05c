/** Whether the connection is gone for long enough to be said: what is shown may be old by now. */
import { useConnection } from '@earshot/react';

const GONE = ['closed', 'offline', 'auth-required'];

export function useIsGone(): boolean {
  const { isLost, status } = useConnection();
  return isLost || GONE.includes(status);
}
