// Node's socket.io with the Redis streams adapter and connection state recovery: the nearest
// equal of a call log. The event goes through a Redis stream before the room hears it; what
// the producer is acknowledged says nothing about that.
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";

import { serve } from "./node.mjs";

const url = new URL(process.env.REDIS_URL);
const client = createClient(
  url.protocol === "unix:" ? { socket: { path: url.pathname } } : { url: url.href },
);
await client.connect();
serve({ adapter: createAdapter(client), connectionStateRecovery: {} });
