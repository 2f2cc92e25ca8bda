/** Loaded before a node of a test (`--import`): blocks follow one another as fast as the machine makes them. */
import { lanTimeouts } from "../src/engine/comet/home.ts"

Object.assign(lanTimeouts, { commitMs: 1, emptyBlockMs: 1 })
