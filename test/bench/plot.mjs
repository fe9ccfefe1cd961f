// Bars of seconds per data set and step, as an SVG without anything else.
const colours = { holdfast: '#2563eb', restic: '#6b7280', borg: '#b45309', kopia: '#7c3aed' };
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export function plot(rows) {
  const groups = [...new Set(rows.map((r) => `${r.what}: ${r.step}`))];
  const bar = 16;
  const left = 250;
  const width = 820;
  let y = 30;
  const parts = [];
  for (const group of groups) {
    const list = rows.filter((r) => `${r.what}: ${r.step}` === group);
    const most = Math.max(...list.map((r) => r.wall), 0.001);
    parts.push(`<text x="${left - 10}" y="${y + (list.length * bar) / 2 + 4}" text-anchor="end">${escape(group)}</text>`);
    for (const r of list) {
      const length = (r.wall / most) * (width - left - 150);
      parts.push(`<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar - 3}" fill="${colours[r.peer] ?? '#000'}"/><text x="${(left + length + 6).toFixed(1)}" y="${y + 11}">${escape(r.peer)} ${r.wall.toFixed(1)} s</text>`);
      y += bar;
    }
    y += 14;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="12"><title>Seconds per step, less is better</title><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>\n`;
}
