// Plays the scenarios that take a minute; ../../browser/stage.mjs has the arguments.
import { play } from '../../browser/stage.mjs';

await play({ look: { viewport: { width: 1280, height: 800 }, locale: 'en-GB' } });
