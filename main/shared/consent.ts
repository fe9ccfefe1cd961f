/** What a hub may do with a computer, as its owner is asked and as screens show it. The rules are in main/agent/policy. */
import { z } from 'zod';
import { idSchema, timeSchema } from './model.js';

/** `folder`: read it. `source`: read a database or a site. `hook`: run a program. `forget`: remove old snapshots by a rule. `restore`: write files of a backup, this once. */
export const consentKinds = ['folder', 'source', 'hook', 'forget', 'restore'] as const;
export const consentKindSchema = z.enum(consentKinds);
export type ConsentKind = z.infer<typeof consentKindSchema>;

export const consentIdSchema = z.string().regex(/^[0-9a-f]{12}$/, 'the id of a question has 12 hexadecimal digits');

/** Something that a hub wants and that was not allowed here yet. */
export const consentQuestionSchema = z.object({
  id: consentIdSchema,
  kind: consentKindSchema,
  /** What it is about: a path, a server, a rule. */
  subject: z.string().max(5000),
  /** More to judge it by; empty where there is nothing to add. */
  detail: z.string().max(500),
  /** Jobs that need it, the first hundred. */
  jobs: z.array(z.object({ id: idSchema, name: z.string() })).max(100),
});
export type ConsentQuestion = z.infer<typeof consentQuestionSchema>;

/** Something that was answered here. */
export const consentAnswerSchema = z.object({ id: consentIdSchema, kind: consentKindSchema, subject: z.string().max(5000), detail: z.string().max(500), at: timeSchema });
export type ConsentAnswer = z.infer<typeof consentAnswerSchema>;

/** Whom the agent asks about: hubs of others, or its owner's own hub as well. */
export const askAboutSchema = z.enum(['others', 'everyone']);
export type AskAbout = z.infer<typeof askAboutSchema>;

export const consentSchema = z.object({
  askAbout: askAboutSchema,
  /** The hub is proven to be one that this same user runs on this computer. */
  ownHub: z.boolean(),
  waiting: z.array(consentQuestionSchema),
  /** How many more wait than are listed. */
  moreWaiting: z.number().int().min(0),
  refused: z.array(consentQuestionSchema),
});
export type Consent = z.infer<typeof consentSchema>;
export const noQuestions: Consent = { askAbout: 'others', ownHub: false, waiting: [], moreWaiting: 0, refused: [] };

/** A job that its computer does not run as it is, as the agent tells its hub. */
export const heldJobSchema = z.object({
  jobId: idSchema,
  /** `limited`: it runs, but something of it is left out until it is allowed. */
  state: z.enum(['waiting', 'refused', 'limited']),
  /** A sentence. */
  reason: z.string().max(1000),
});
export type HeldJob = z.infer<typeof heldJobSchema>;

const wants: Record<ConsentKind, string> = {
  folder: 'back up the folder',
  source: 'back up',
  hook: 'run the program',
  forget: 'remove old snapshots and',
  restore: 'restore',
};

/** `back up the folder /home/anna/Documents`: the end of "The hub wants to …". */
export const wishText = ({ kind, subject }: { readonly kind: ConsentKind; readonly subject: string }): string => `${wants[kind]} ${subject}`;

/** What the computer's owner can do, for every screen. */
export const howToAllow = 'Allow it on that computer, in its window or with "holdfast approve".';
