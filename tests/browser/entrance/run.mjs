// Plays the scenarios of who comes in; stage.mjs has the arguments. Run by test_desk_entrance.py.
import { play } from '../stage.mjs';

await play({ look: { viewport: { width: 1280, height: 800 }, locale: 'en-GB' } });
