/** What was allowed and refused on this computer, and by whom it may be asked. Pure; kept in a document of the agent. */
import { z } from 'zod';
import { askAboutSchema, consentIdSchema, consentKindSchema, type ConsentKind } from '../../shared/consent.js';
import { timeSchema } from '../../shared/model.js';

export const ruleSchema = z.object({
  id: consentIdSchema,
  kind: consentKindSchema,
  /** Compared: the real path of a folder, a source without its exclusions, a hook's content and path ... */
  key: z.string(),
  subject: z.string(),
  detail: z.string(),
  /** The hub this was answered for; null for any. Another hub asks anew. */
  hub: z.string().nullable(),
  at: timeSchema,
});
export type Rule = z.infer<typeof ruleSchema>;

export const policySchema = z.object({
  askAbout: askAboutSchema.default('others'),
  allowed: z.array(ruleSchema).default([]),
  refused: z.array(ruleSchema).default([]),
});
export type Policy = z.infer<typeof policySchema>;

/** In the agent's document: null before the first start of an agent that knows policies. */
export const storedPolicySchema = policySchema.nullable();
export type StoredPolicy = z.infer<typeof storedPolicySchema>;
export const newPolicy: Policy = { askAbout: 'others', allowed: [], refused: [] };

/** Something a job needs, found out on this computer and so ready to be compared. */
export interface Need {
  readonly id: string;
  readonly kind: ConsentKind;
  readonly key: string;
  readonly subject: string;
  readonly detail: string;
}

/** Is `folder` the other one, or below it? Both are real paths without `.` and `..`. */
export const isWithin = (folder: string, other: string): boolean => folder === other || folder.startsWith(other === '/' ? '/' : `${other}/`);

const covers = (rule: Rule, need: Pick<Need, 'kind' | 'key'>, hub: string | null): boolean =>
  rule.kind === need.kind && (rule.hub === null || rule.hub === hub) && (need.kind === 'folder' ? isWithin(need.key, rule.key) : need.key === rule.key);

export const isAllowed = ({ allowed }: Policy, need: Pick<Need, 'kind' | 'key'>, hub: string | null): boolean => allowed.some((rule) => covers(rule, need, hub));

/** A no is about exactly what was asked: a folder below a refused one is asked about by itself. */
export const isRefused = ({ refused }: Policy, need: Pick<Need, 'kind' | 'key'>, hub: string | null): boolean =>
  refused.some((rule) => rule.kind === need.kind && rule.key === need.key && (rule.hub === null || rule.hub === hub));

/** The policy with an answer in it; it replaces an earlier one to the same question. */
export function answered(policy: Policy, answer: 'allow' | 'refuse', needs: readonly Need[], hub: string | null, at: string): Policy {
  const ids = new Set(needs.map(({ id }) => id));
  const others = (rules: readonly Rule[]): Rule[] => rules.filter((rule) => !(ids.has(rule.id) && rule.hub === hub));
  const rules = needs.map(({ id, kind, key, subject, detail }) => ({ id, kind, key, subject, detail, hub, at }));
  const [allowed, refused] = [others(policy.allowed), others(policy.refused)];
  return answer === 'allow' ? { ...policy, allowed: [...allowed, ...rules], refused } : { ...policy, allowed, refused: [...refused, ...rules] };
}

/** The policy without some of its answers. */
export const withdrawn = (policy: Policy, ids: ReadonlySet<string>): Policy =>
  ({ ...policy, allowed: policy.allowed.filter(({ id }) => !ids.has(id)), refused: policy.refused.filter(({ id }) => !ids.has(id)) });
