// The page that is shown in place of any other while the counter's server is away: goes on to that other by itself when it is back.

import { ask, PATIENCE, pause, SOON } from "./away.js";

/** Whatever it answers, even that somebody has to sign in. */
const there = () => ask("/standing", { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout?.(PATIENCE) }).then(() => true, () => false);

while (!(await there())) await pause(SOON);
location.reload();
