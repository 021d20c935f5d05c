// Node's socket.io with ws, its default. The same events as stock.py. `serve` is also what
// node_streams.mjs starts, with an adapter.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

import { Server } from "socket.io";

const SECRET = process.env.JWT_SECRET;

function verify(token) {
  const [head, body, signature] = token.split(".");
  if (JSON.parse(Buffer.from(head, "base64url")).alg !== "HS256") throw new Error("algorithm");
  const expected = createHmac("sha256", SECRET).update(`${head}.${body}`).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, "base64url"))) throw new Error("signature");
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  if (claims.exp * 1000 <= Date.now()) throw new Error("expired");
  return claims;
}

export function serve(options) {
  const http = createServer();
  const io = new Server(http, options);
  io.use((socket, next) => {
    try {
      socket.data.claims = verify(socket.handshake.auth.token);
      next();
    } catch (problem) {
      next(problem);
    }
  });
  io.on("connection", (socket) => {
    socket.on("call:subscribe", (message, answer) => {
      socket.join(message.call_id);
      answer?.({ ok: true });
    });
    socket.on("bench:relay", (message, answer) => {
      io.to(message.call_id).emit("transcription:update", {
        call_id: message.call_id,
        speaker: "customer",
        text: message.text,
        timestamp: "2026-01-01T00:00:00.000Z",
      });
      answer?.({ ok: true });
    });
  });
  http.listen(Number(process.env.PORT), "127.0.0.1");
  process.on("SIGTERM", () => process.exit(0));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) serve({});
