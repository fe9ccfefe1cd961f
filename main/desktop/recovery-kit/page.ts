/** The recovery kit as a page to print: one sheet, black on white, no script. Pure. */
import type { RecoveryKit } from '../../shared/control.js';
import { recoveryKitAdvice, recoveryKitReason, resticRestoreCommand } from '../../shared/recovery-kit.js';

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const row = (name: string, value: string, className = ''): string =>
  `<tr><th scope="row">${name}</th><td class="${className}">${escapeHtml(value)}</td></tr>`;

export function recoveryKitPage(kit: RecoveryKit): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Holdfast recovery kit</title>
<style>
  @page { margin: 22mm 20mm; }
  body { font: 11pt/1.5 system-ui, sans-serif; color: #000; background: #fff; }
  h1 { font-size: 20pt; margin: 0 0 4mm; }
  p { margin: 0 0 4mm; max-width: 150mm; }
  table { border-collapse: collapse; margin: 6mm 0; width: 100%; }
  th { text-align: left; font-weight: 600; vertical-align: top; padding: 2mm 6mm 2mm 0; white-space: nowrap; }
  td { padding: 2mm 0; overflow-wrap: anywhere; }
  tr + tr { border-top: 0.3mm solid #bbb; }
  .code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
  .password { font-size: 14pt; }
  pre { border: 0.3mm solid #bbb; border-radius: 1.5mm; padding: 3mm; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>Holdfast recovery kit</h1>
<p>${escapeHtml(recoveryKitReason)}</p>
<p>${escapeHtml(recoveryKitAdvice)}</p>
<table>
${row('Password', kit.password, 'code password')}
${row('Repository', kit.repositoryUrl, 'code')}
${row('Destination', kit.destinationName)}
${row('Computer', kit.computer)}
${row('Made on', kit.createdAt.slice(0, 10))}
</table>
<p>Holdfast on another computer opens this repository with the same password. To get your files back without Holdfast, use the free program restic (restic.net). It asks for the password:</p>
<pre>${escapeHtml(resticRestoreCommand(kit.repositoryUrl))}</pre>
</body>
</html>
`;
}
