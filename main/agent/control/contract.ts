/** One handler for each method of the control contract; the compiler sees that none is missing. */
import type { controlMethods, ControlMethod, ControlResult } from '../../shared/control.js';

export type Handlers = { [M in ControlMethod]: (params: ReturnType<(typeof controlMethods)[M]['params']['parse']>) => Promise<ControlResult<M>> | ControlResult<M> };
