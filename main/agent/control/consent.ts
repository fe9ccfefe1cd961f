/** What a person at this computer lets the hub do. */
import type { AgentParts } from '../parts.js';
import type { Handlers } from './contract.js';

export function consentHandlers({ consent }: Pick<AgentParts, 'consent'>): Pick<Handlers, 'answerConsent' | 'allowFolders' | 'allowed' | 'withdrawConsent' | 'setAskAbout'> {
  return {
    answerConsent: async ({ answer, ids }) => {
      await consent.decide(ids, answer);
      return {};
    },
    allowFolders: async ({ paths }) => {
      await consent.allowFolders(paths);
      return {};
    },
    allowed: () => ({ allowed: consent.rules.map(({ at, detail, id, kind, subject }) => ({ id, kind, subject, detail, at })) }),
    withdrawConsent: async ({ ids }) => {
      await consent.withdraw(ids);
      return {};
    },
    setAskAbout: async ({ askAbout }) => {
      await consent.setAskAbout(askAbout);
      return {};
    },
  };
}
