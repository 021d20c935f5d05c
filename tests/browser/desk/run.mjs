// Plays the desk's scenarios; stage.mjs has the arguments. Run by test_desk_scenarios.py.
import { play } from '../stage.mjs';

await play({ look: { viewport: { width: 1280, height: 800 }, locale: 'en-GB' } });
