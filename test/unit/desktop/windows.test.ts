import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy, fileFor } from '../../../main/desktop/windows/pages.js';
import { defaultSize, placeWindow } from '../../../main/desktop/windows/window-state.js';

describe('app://', () => {
  const file = (address: string): string | null => fileFor(address, '/app/pages');

  it('gives out built pages', () => {
    expect(file('app://holdfast/')).toBe('/app/pages/index.html');
    expect(file('app://holdfast/assets/a.js')).toBe('/app/pages/assets/a.js');
  });

  it.each(['app://holdfast/../../etc/passwd.html', 'app://holdfast/%2e%2e/%2e%2e/etc/x.js', 'app://holdfast/..%2f..%2fx.js', 'app://holdfast/a%00.js', 'app://holdfast/%ff.js', 'app://elsewhere/', 'https://holdfast/', 'app://holdfast/settings.json'])('gives out nothing else: %s', (address) => {
    const found = file(address);
    expect(found === null || found.startsWith('/app/pages/')).toBe(true);
    if (!address.includes('..') && !address.includes('%2e')) expect(found).toBeNull();
  });

  it('lets a page run its own files only', () => {
    const policy = contentSecurityPolicy('n');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });
});

describe('the window', () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1080 };

  it('opens in the middle at first, and then where it was', () => {
    expect(placeWindow({ bounds: null, maximized: false }, [screen])).toEqual(defaultSize);
    const bounds = { x: 100, y: 50, width: 900, height: 700 };
    expect(placeWindow({ bounds, maximized: false }, [screen])).toEqual(bounds);
  });

  it('does not open where no screen is any more', () => {
    const bounds = { x: 2500, y: 50, width: 900, height: 700 };
    expect(placeWindow({ bounds, maximized: false }, [screen])).toEqual({ width: 900, height: 700 });
  });
});
