import { describe, expect, it } from 'vitest';
import { recoveryKitPage } from '../../../main/desktop/recovery-kit/page.js';
import { recoveryKitText, resticRestoreCommand, shellWord } from '../../../main/shared/recovery-kit.js';

const kit = { destinationId: 'd', destinationName: 'Disk <1>', repositoryUrl: "/media/Anna's disk/Holdfast", password: 'abcd-efgh', computer: 'laptop', createdAt: '2026-03-01T10:00:00.000Z' };

describe('the recovery kit', () => {
  it('has all that is needed, as text and as a page', () => {
    for (const text of [recoveryKitText(kit), recoveryKitPage(kit)]) for (const part of ['abcd-efgh', 'laptop', '2026-03-01', 'restic -r']) expect(text).toContain(part);
    expect(recoveryKitPage(kit)).toContain('Disk &lt;1&gt;');
    expect(recoveryKitPage(kit)).not.toMatch(/<script/i);
  });

  it('quotes what a shell would read otherwise', () => {
    expect(resticRestoreCommand('/backups/a')).toBe('restic -r /backups/a restore latest --target restored');
    expect(shellWord("Anna's $disk")).toBe("'Anna'\\''s $disk'");
  });
});
