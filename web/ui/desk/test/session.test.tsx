/** How the desk connects, loses its connection, and asks for a token. */
import { act, cleanup, fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { callOf, connected, main, open, opened, serveEachTest, server, until } from './harness.tsx';

serveEachTest();

describe('the connection', () => {
  it('says when another desk took over, and takes it back on demand', async () => {
    await opened();
    act(() => server.close('replaced'));
    await screen.findByText(/opened in another place/);
    fireEvent.click(screen.getByRole('button', { name: 'Use it here' }));
    await connected();
  });

  it('comes back by itself, and the call goes on', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    await opened();
    await within(main()).findByText('Live');
    act(() => server.cut());
    await screen.findByText('Reconnecting…');
    call.say({ segment_id: 's1', text: 'Said meanwhile.' });
    await within(main()).findByText('Said meanwhile.');
    await connected();
  });
});

const tokenOf = (sub: string, exp = Date.now() / 1000 + 3600): string =>
  `a.${btoa(JSON.stringify({ sub, exp }))}.c`;

async function paste(token: string): Promise<void> {
  fireEvent.change(await screen.findByLabelText('Access token'), { target: { value: token } });
  fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
}

describe('a pasted token', () => {
  it('outlives a reload, and not a sign-out', async () => {
    server.tokens = false;
    open();
    await paste(tokenOf('agent-7'));
    await connected();
    cleanup(); // as a reload: nothing of the page is left
    open();
    await connected();
    expect(screen.getByTitle('Agent').textContent).toBe('agent-7');
    fireEvent.click(screen.getByRole('button', { name: 'Settings' }));
    fireEvent.click(await screen.findByRole('button', { name: 'Sign out' }));
    await screen.findByLabelText('Access token');
    expect(sessionStorage.length).toBe(0);
    cleanup();
    open();
    await screen.findByLabelText('Access token');
  });

  it('that the server does not take is said, and forgotten', async () => {
    server.tokens = false;
    server.accepts = () => 'unauthenticated';
    open();
    await paste(tokenOf('agent-7'));
    await screen.findByText(/did not take this token/);
    expect(sessionStorage.length).toBe(0);
  });

  it("of a producer opens no desk, and says whose it is and what to do", async () => {
    server.tokens = false;
    server.role = 'producer';
    open();
    await paste(tokenOf('recogniser'));
    await screen.findByText('This token is for a producer, not for a person');
    expect(screen.queryByText('No call yet')).toBeNull();
    screen.getByText(/earshot token recogniser --role agent/);
    server.role = 'agent';
    fireEvent.click(screen.getByRole('button', { name: 'Use another token' }));
    await paste(tokenOf('agent-7'));
    await connected();
  });
});

describe('a session that ends in mid-call', () => {
  const signInAgain = async (token: string): Promise<void> => {
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    const field = await screen.findByLabelText('Access token');
    fireEvent.change(field, { target: { value: token } });
    fireEvent.submit(field.closest('form')!);
  };

  const signedInAndEnded = async (): Promise<void> => {
    server.tokens = false;
    open();
    await paste(tokenOf('agent-7'));
    await connected();
    await within(main()).findByText('Hello.');
    server.accepts = () => 'expired';
    act(() => server.close('expired'));
    await screen.findByText(/Your session has ended. Sign in again/);
  };

  it('leaves the desk as it is, says so, and goes on in it with the next token', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    call.say({ segment_id: 's1', text: 'Hello.' });
    await signedInAndEnded();
    within(main()).getByText('Hello.');
    within(main()).getByText('Not up to date');
    expect(sessionStorage.length).toBe(0);
    server.accepts = () => undefined;
    call.say({ segment_id: 's2', text: 'Said meanwhile.' });
    await signInAgain(tokenOf('agent-7'));
    await within(main()).findByText('Said meanwhile.');
    await connected();
    const said = server.commands('agent:connect') as { client_id: string }[];
    expect(new Set(said.map(({ client_id }) => client_id)).size).toBe(1);
    expect(sessionStorage.length).toBe(1);
  });

  it.each([
    ['another agent', 'agent-8', 'default'],
    ['an agent of that name at another tenant', 'agent-7', 'other'],
  ])('leaves nothing on the screen for %s', async (_whose, sub, tenant) => {
    callOf('c1', 'Miriam Okafor').say({ segment_id: 's1', text: 'Hello.' });
    await signedInAndEnded();
    server.accepts = () => undefined;
    server.calls.clear();
    await signInAgain(`a.${btoa(JSON.stringify({ sub, tenant, exp: Date.now() }))}.c`);
    await connected();
    expect(screen.queryByText('Hello.')).toBeNull();
  });
});

describe("a supervisor's token", () => {
  it('at an agent’s desk is shown the way to the wall', async () => {
    server.role = 'supervisor';
    await opened();
    await screen.findByText('This is an agent’s desk');
    expect(screen.getByRole('link', { name: 'To all calls' }).getAttribute('href')).toBe('/supervisor');
  });
});

describe('where no token is given', () => {
  it('asks for one, refuses what is none, and works with it', async () => {
    server.tokens = false;
    open();
    const field = await screen.findByLabelText('Access token');
    fireEvent.change(field, { target: { value: 'hello' } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(field.getAttribute('aria-invalid')).toBe('true');
    const token = `a.${btoa('{"sub":"agent-7"}')}.c`;
    fireEvent.change(field, { target: { value: ` ${token}\n` } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    await connected();
    expect(screen.getByTitle('Agent').textContent).toBe('agent-7');
    expect(server.commands('agent:connect')).toEqual([
      { agent_id: 'agent-7', auth_token: token, client_id: expect.any(String) },
    ]);
  });

  it('asks again when the pasted one has ended, and asks the server no more', async () => {
    server.tokens = false;
    server.accepts = () => 'expired';
    open();
    const field = await screen.findByLabelText('Access token');
    fireEvent.change(field, { target: { value: `a.${btoa('{"sub":"agent-7"}')}.c` } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    await until(() => expect(server.handshakes).toHaveLength(1));
    await screen.findByLabelText('Access token');
  });
});
