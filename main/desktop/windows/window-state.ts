/** Where the window was, so that it opens there again. */
import { z } from 'zod';

const rectangle = z.object({ x: z.number().int(), y: z.number().int(), width: z.number().int(), height: z.number().int() });
export const windowStateSchema = z.object({ bounds: rectangle.nullable().default(null), maximized: z.boolean().default(false) });
export type WindowState = z.infer<typeof windowStateSchema>;
type Rectangle = z.infer<typeof rectangle>;

export const defaultSize = { width: 1040, height: 720 } as const;
export const smallestSize = { width: 720, height: 520 } as const;

/** The part of a rectangle that must be on a screen for its title bar to be caught, px. */
const grip = { width: 120, height: 40 } as const;

/**
 * The kept bounds where a screen still shows them, else just a size. A monitor may be gone.
 * @param workAreas the screens, without panels and docks.
 */
export function placeWindow(state: WindowState, workAreas: readonly Rectangle[]): { x?: number; y?: number; width: number; height: number } {
  const { bounds } = state;
  if (bounds === null) return { ...defaultSize };
  const width = Math.max(bounds.width, smallestSize.width);
  const height = Math.max(bounds.height, smallestSize.height);
  const visible = workAreas.some((area) =>
    bounds.x + width - grip.width >= area.x && bounds.x + grip.width <= area.x + area.width
    && bounds.y >= area.y && bounds.y + grip.height <= area.y + area.height);
  return visible ? { x: bounds.x, y: bounds.y, width, height } : { width, height };
}
