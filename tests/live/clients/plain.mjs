// A client that knows only the bold fields of the protocol, with socket.io-client's defaults.
// Arguments: the server's URL, and JSON {modules, options, burst}: where socket.io-client is
// installed, the client's options, and [name, data] pairs sent at every connect, all at once
// and without acknowledgements. It writes one JSON array [name, data] a line for everything
// that it hears, and emits every such line that it reads. What happens to the connection is
// (connect), (disconnect), and (ended) when the library will not connect again by itself.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [url, settings] = process.argv.slice(2);
const { modules, options, burst } = JSON.parse(settings);
const { io } = createRequire(modules)("socket.io-client");

const say = (name, data) => process.stdout.write(JSON.stringify([name, data ?? null]) + "\n");
const socket = io(url, options);

socket.on("connect", () => {
  say("(connect)", socket.io.engine.transport.name);
  for (const [name, data] of burst) socket.emit(name, data);
});
socket.on("connect_error", (error) => say("(connect_error)", error.data ?? error.message));
socket.on("disconnect", (reason) => {
  say("(disconnect)", reason);
  if (!socket.active) say("(ended)");
});
socket.onAny(say);

const lines = createInterface({ input: process.stdin });
lines.on("line", (text) => socket.emit(...JSON.parse(text)));
lines.on("close", () => process.exit(0));
