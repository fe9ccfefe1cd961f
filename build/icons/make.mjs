// @ts-check
/**
 * node build/icons/make.mjs    draws png/ anew from svg/; needs rsvg-convert (librsvg2-bin). Commit the result.
 *
 * Tray pictures are drawn in colour for Linux (16, 22 and 32 px, each also doubled) and in black on nothing for macOS
 * (…Template.png, which the menu bar colours itself). The states differ in shape, so no one needs the colour to tell them apart.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const here = import.meta.dirname;
const colours = {
  protected: '#2aa366',
  running: '#2f86d6',
  due: '#b58a00',
  'at-risk': '#e07a1f',
  failing: '#e0433f',
  paused: '#7d8ba1',
  'not-set-up': '#7d8ba1',
  offline: '#7d8ba1',
};

const temporary = mkdtempSync(path.join(tmpdir(), 'holdfast-icons-'));

/** @param {string} svg @param {number} size pixels @param {string} png @param {string} [colour] of currentColor */
function draw(svg, size, png, colour = '#000000') {
  const style = path.join(temporary, 'style.css');
  writeFileSync(style, `svg { color: ${colour}; }`);
  const target = path.join(here, 'png', png);
  mkdirSync(path.dirname(target), { recursive: true });
  const { status, stderr, error } = spawnSync('rsvg-convert', ['-w', String(size), '-h', String(size), '--stylesheet', style, '-o', target, path.join(here, 'svg', svg)]);
  if (status !== 0) throw error ?? new Error(stderr.toString());
}

try {
  rmSync(path.join(here, 'png'), { recursive: true, force: true });
  draw('app.svg', 512, 'app.png');
  for (const size of [16, 24, 32, 48, 64, 128, 256, 512, 1024]) draw('app.svg', size, `app/${size}x${size}.png`);
  for (const [state, colour] of Object.entries(colours)) {
    const svg = `tray/${state}.svg`;
    for (const size of [16, 22, 32]) {
      draw(svg, size, `tray/${state}-${size}.png`, colour);
      draw(svg, size * 2, `tray/${state}-${size}@2x.png`, colour);
    }
    draw(svg, 16, `tray/${state}Template.png`);
    draw(svg, 32, `tray/${state}Template@2x.png`);
  }
  const undrawn = readdirSync(path.join(here, 'svg', 'tray')).filter((file) => !(path.parse(file).name in colours));
  if (undrawn.length > 0) throw new Error(`no colour for ${undrawn.join(', ')}`);
} finally {
  rmSync(temporary, { recursive: true });
}
