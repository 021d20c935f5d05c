// A TCP proxy on 127.0.0.1 that can fail as networks do. Owns the sockets between a browser and
// the server; knows nothing of what they carry.
import { connect, createServer } from 'node:net';

export async function startProxy(serverPort) {
  const pairs = new Set();
  const stranded = new WeakSet();
  /** pass; refuse: new connections are reset; swallow: nothing gets through either way. */
  let mode = 'pass';
  let losesAnswers = false;

  const listening = createServer((browser) => {
    if (mode === 'refuse') return browser.resetAndDestroy();
    const server = connect(serverPort, '127.0.0.1');
    const pair = { browser, server };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      browser.destroy();
      server.destroy();
    };
    for (const socket of [browser, server]) socket.on('error', end).on('close', end);
    const isDumb = () => mode === 'swallow' || stranded.has(pair);
    browser.on('data', (bytes) => isDumb() || server.write(bytes));
    server.on('data', (bytes) => isDumb() || losesAnswers || browser.write(bytes));
  });
  await new Promise((done) => listening.listen(0, '127.0.0.1', done));

  const proxy = {
    url: `http://127.0.0.1:${listening.address().port}`,
    pass() {
      mode = 'pass';
      losesAnswers = false;
    },
    refuse() {
      mode = 'refuse';
      proxy.cut();
    },
    swallow() {
      mode = 'swallow';
    },
    /** Nothing gets through what is open now, as after a sleep; what is opened next is fine. */
    strand() {
      for (const pair of pairs) stranded.add(pair);
    },
    /** What the browser says arrives; what the server says does not. */
    loseAnswers() {
      losesAnswers = true;
    },
    cut() {
      for (const { browser, server } of pairs) {
        browser.resetAndDestroy();
        server.destroy();
      }
    },
    close() {
      proxy.cut();
      listening.close();
    },
  };
  return proxy;
}
