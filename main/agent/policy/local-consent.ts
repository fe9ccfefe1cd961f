/**
 * The yes and no of this computer's owner. A hub may order what it likes: what was not allowed here is not done, and both sides
 * are told what to do about it. What waits is worked out from the jobs each time, so a hub cannot fill a queue.
 */
import { createHash } from 'node:crypto';
import { asHoldfastError, HoldfastError } from '../../shared/errors.js';
import { noQuestions, wishText, type AskAbout, type Consent, type ConsentQuestion, type HeldJob } from '../../shared/consent.js';
import type { Job, JobDraft } from '../../shared/model.js';
import type { Document, Logger } from '../ports.js';
import { answered, isAllowed, isRefused, newPolicy, withdrawn, type Need, type Policy, type Rule, type StoredPolicy } from './policy.js';
import { wishesOf, type Wish } from './wishes.js';

/** Questions shown at a time; the rest are counted. */
const listed = 100;

/** What a rule is compared with, found out on the computer itself. */
export interface PolicyComputer {
  /** The path with every link in it followed; where its end does not exist, that of the folder that does, and the rest. */
  realPath(path: string): Promise<string>;
  /** SHA-256 of a program that could be run as a hook, 64 hex digits. @throws HoldfastError `hook-failed` when it could not be. */
  hookFingerprint(path: string): Promise<string>;
}

export interface ConsentPorts {
  readonly document: Document<StoredPolicy>;
  readonly computer: PolicyComputer;
  readonly logger: Logger;
  jobs(): readonly Job[];
  /** Names the hub that gives the jobs; null when there is none. */
  hub(): string | null;
  /** Is it proven that this same user runs that hub on this computer? */
  isOwnHub(): Promise<boolean>;
  /** Now, ISO 8601. */
  now(): string;
  /** What the hub wants to restore here and nobody has answered. A yes is for that restore alone. */
  restores(): readonly { readonly id: string; readonly job: Job; readonly subject: string }[];
  answerRestore(id: string, answer: 'allow' | 'refuse'): void;
  /** Something that screens or the hub show has changed. */
  changed(): void;
}

interface Review {
  readonly consent: Consent;
  readonly held: readonly HeldJob[];
  /** By id, what may be answered now. */
  readonly needs: ReadonlyMap<string, Need>;
  /** Ids of restores by those of their questions. */
  readonly restores: ReadonlyMap<string, string>;
}

export class LocalConsent {
  private last: Review = { consent: noQuestions, held: [], needs: new Map(), restores: new Map() };
  private reviewing: Promise<void> = Promise.resolve();
  private waitingReview: Promise<void> | null = null;

  constructor(private readonly ports: ConsentPorts) {}

  /** As of the last review. */
  get view(): Consent {
    return this.last.consent;
  }

  /** Jobs that are not run as they are, as of the last review. */
  get held(): readonly HeldJob[] {
    return this.last.held;
  }

  get rules(): readonly Rule[] {
    return this.policy.allowed;
  }

  /**
   * Call once, before anything runs. @param ranWell jobs that left a snapshot on this computer: where it has no policy yet, it comes
   * from a version that had none, and what it did then counts as allowed.
   */
  async open(ranWell: readonly Job[]): Promise<void> {
    if (this.ports.document.read() === null) {
      const needs = (await Promise.all(ranWell.map((job) => this.needsOf(job)))).flat().filter(isNeed).filter(({ kind }) => kind !== 'hook');
      await this.ports.document.write(answered(newPolicy, 'allow', unique(needs), this.ports.hub(), this.ports.now()));
    }
    await this.review();
  }

  /** Looks at all jobs again: they changed, or the hub, or an answer. Any number of calls meanwhile make one more look. */
  review(): Promise<void> {
    this.waitingReview ??= this.reviewing.then(() => {
      this.waitingReview = null;
      this.reviewing = this.look().catch((error: unknown) => this.ports.logger.log('error', asHoldfastError(error).message));
      return this.reviewing;
    });
    return this.waitingReview;
  }

  /** Why the job may not run here, looked at anew; null when it may. */
  async objection(job: Job): Promise<HoldfastError | null> {
    const trusted = await this.trusted();
    for (const need of await this.needsOf(job)) {
      if (typeof need === 'string') return refusal(need);
      if (need.kind === 'forget' || this.permits(need, trusted)) continue;
      return refusal(this.refuses(need) ? refusedText(need) : waitingText(need));
    }
    return null;
  }

  /** May old snapshots be removed by the job's rules? */
  async mayForget(job: Job): Promise<boolean> {
    const trusted = await this.trusted();
    const needs = await this.needsOf({ ...job, sources: [], hooks: {} });
    return needs.every((need) => typeof need !== 'string' && this.permits(need, trusted));
  }

  /** May exactly this content be run? @throws HoldfastError `policy-refused`. */
  requireHook(path: string, sha256: string): void {
    const need = hookNeed(path, sha256);
    if (!this.permits(need, false)) throw refusal(this.refuses(need) ? refusedText(need) : waitingText(need));
  }

  /**
   * A person at this computer wrote this job here, which is their yes. What it had already and was still waiting for one, or
   * was refused, stays so. @param before the job as the hub had it. @throws HoldfastError `hook-failed` for a hook that could not run.
   */
  async allowDraft(draft: JobDraft, before: Job | null): Promise<void> {
    for (const wish of wishesOf(draft)) if (wish.kind === 'hook') await this.ports.computer.hookFingerprint(wish.path);
    const trusted = await this.trusted();
    const open = new Set(before === null ? [] : (await this.needsOf(before)).filter(isNeed).filter((need) => !this.permits(need, trusted)).map(({ id }) => id));
    const needs = (await this.needsOf(draft)).filter(isNeed).filter(({ id }) => !open.has(id));
    await this.answer('allow', needs);
  }

  /** @throws HoldfastError `not-found` when one of the questions is not asked any more. */
  async decide(ids: readonly string[], answer: 'allow' | 'refuse'): Promise<void> {
    const { needs: asked, restores } = this.last;
    const needs = ids.filter((id) => !restores.has(id)).map((id) => asked.get(id));
    if (!needs.every((need) => need !== undefined)) throw new HoldfastError('not-found', 'That question is not asked any more, or has changed. Look at the list again.');
    await this.answer(answer, needs);
    const once = ids.flatMap((id) => restores.get(id) ?? []);
    for (const id of once) this.ports.answerRestore(id, answer);
    if (once.length > 0) await this.review();
  }

  /** Allows folders before anything asks for them. @throws HoldfastError `usage`. */
  async allowFolders(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const needs = await Promise.all(paths.map((path) => this.needOf({ kind: 'folder', path })));
    const wrong = needs.find((need) => typeof need === 'string');
    if (wrong !== undefined) throw new HoldfastError('usage', wrong);
    await this.answer('allow', needs.filter(isNeed));
  }

  /** Takes answers back; what needs them is asked about again. */
  async withdraw(ids: readonly string[]): Promise<void> {
    await this.save(withdrawn(this.policy, new Set(ids)));
  }

  async setAskAbout(askAbout: AskAbout): Promise<void> {
    await this.save({ ...this.policy, askAbout });
  }

  private async answer(answer: 'allow' | 'refuse', needs: readonly Need[]): Promise<void> {
    const news = answer === 'refuse' ? needs : needs.filter((need) => !isAllowed(this.policy, need, this.ports.hub()));
    if (news.length === 0) return;
    for (const need of news) this.ports.logger.log('info', `${answer === 'allow' ? 'Allowed' : 'Refused'} on this computer: ${wishText(need)}`);
    await this.save(answered(this.policy, answer, unique(news), this.ports.hub(), this.ports.now()));
  }

  private async save(policy: Policy): Promise<void> {
    await this.ports.document.write(policy);
    await this.review();
  }

  private async look(): Promise<void> {
    const ownHub = await this.ports.isOwnHub();
    const trusted = ownHub && this.policy.askAbout === 'others';
    const waiting = new Map<string, ConsentQuestion>();
    const refused = new Map<string, ConsentQuestion>();
    const needs = new Map<string, Need>();
    const held: HeldJob[] = [];
    for (const job of this.ports.jobs()) {
      const open = (await this.needsOf(job)).filter((need) => typeof need === 'string' || !this.permits(need, trusted));
      const state = heldJob(job.id, open, (need) => this.refuses(need));
      if (state !== null) held.push(state);
      for (const need of open.filter(isNeed)) {
        const list = this.refuses(need) ? refused : waiting;
        needs.set(need.id, need);
        list.set(need.id, withJob(list.get(need.id) ?? { id: need.id, kind: need.kind, subject: need.subject, detail: need.detail, jobs: [] }, job));
      }
    }
    const restores = new Map<string, string>();
    for (const { id, job, subject } of this.ports.restores()) {
      const question = need('restore', id, subject, 'Files that are there stay as they are.');
      restores.set(question.id, id);
      waiting.set(question.id, withJob({ id: question.id, kind: question.kind, subject: question.subject, detail: question.detail, jobs: [] }, job));
    }
    const { askAbout } = this.policy;
    const [asked, said] = [[...waiting.values()], [...refused.values()]];
    const before = JSON.stringify([this.last.consent, this.last.held]);
    this.last = { needs, held, restores, consent: { askAbout, ownHub, waiting: asked.slice(0, listed), moreWaiting: Math.max(asked.length - listed, 0), refused: said.slice(0, listed) } };
    if (JSON.stringify([this.last.consent, this.last.held]) !== before) this.ports.changed();
  }

  /** A hub that is its owner's own needs no yes, but for hooks: what a hook does is seen by its content only. */
  private permits(need: Need, trusted: boolean): boolean {
    if (isRefused(this.policy, need, this.ports.hub())) return false;
    return (trusted && need.kind !== 'hook') || isAllowed(this.policy, need, this.ports.hub());
  }

  private refuses(need: Need): boolean {
    return isRefused(this.policy, need, this.ports.hub());
  }

  /** Is the hub its owner's own, so that only hooks need a yes? */
  async trusted(): Promise<boolean> {
    return this.policy.askAbout === 'others' && (await this.ports.isOwnHub());
  }

  private async needsOf(draft: Pick<JobDraft, 'sources' | 'hooks' | 'retention' | 'destination'>): Promise<(Need | string)[]> {
    const needs: (Need | string)[] = [];
    for (const wish of wishesOf(draft)) {
      try {
        needs.push(await this.needOf(wish));
      } catch (error) {
        // A hook that could not be run says so itself, when its time comes.
        if (wish.kind !== 'hook') needs.push(asHoldfastError(error).message);
      }
    }
    return needs;
  }

  /** @returns a sentence where the wish cannot be asked about at all. */
  private async needOf(wish: Wish): Promise<Need | string> {
    switch (wish.kind) {
      case 'folder': {
        const path = plainPath(wish.path);
        if (path === null) return `The folder ${JSON.stringify(wish.path)} is not written plainly, so it cannot be allowed. Write it from the root on, without "." and "..".`;
        const key = await this.ports.computer.realPath(path);
        return need('folder', key, path, key === path ? '' : `It leads to ${key}.`);
      }
      case 'source': return need('source', wish.key, wish.subject, '');
      case 'hook': return hookNeed(wish.path, await this.ports.computer.hookFingerprint(wish.path));
      case 'forget': return need('forget', wish.key, wish.subject, '');
    }
  }

  private get policy(): Policy {
    return this.ports.document.read() ?? newPolicy;
  }
}

const isNeed = (need: Need | string): need is Need => typeof need !== 'string';
const unique = (needs: readonly Need[]): Need[] => [...new Map(needs.map((each) => [each.id, each])).values()];

function need(kind: Need['kind'], key: string, subject: string, detail: string): Need {
  const id = createHash('sha256').update(`${kind}\0${key}`).digest('hex').slice(0, 12);
  return { id, kind, key, subject: subject.slice(0, 5000), detail: detail.slice(0, 500) };
}

const hookNeed = (path: string, sha256: string): Need => need('hook', `${sha256} ${path}`, path, `Its content has the SHA-256 ${sha256}.`);

/** The path without doubled and closing slashes; null when what it means is not what it says. */
function plainPath(path: string): string | null {
  const parts = path.split('/').filter((part) => part !== '');
  return path.startsWith('/') && !path.includes('\0') && parts.every((part) => part !== '.' && part !== '..') ? `/${parts.join('/')}` : null;
}

const refusal = (message: string): HoldfastError => new HoldfastError('policy-refused', message);
const waitingText = (wish: Need): string => `This computer was not allowed yet to ${wishText(wish)}. Allow it on this computer, in Holdfast's window or with "holdfast approve".`;
const refusedText = (wish: Need): string => `On this computer it was refused to ${wishText(wish)}. Take that out of the job, or allow it on this computer with "holdfast approve".`;

function withJob(question: ConsentQuestion, { id, name }: Job): ConsentQuestion {
  return question.jobs.length >= 100 || question.jobs.some((job) => job.id === id) ? question : { ...question, jobs: [...question.jobs, { id, name }] };
}

function heldJob(jobId: string, open: readonly (Need | string)[], isRefusedNeed: (need: Need) => boolean): HeldJob | null {
  const [first] = open;
  if (first === undefined) return null;
  const blocking = open.filter((each) => typeof each === 'string' || each.kind !== 'forget');
  const worst = blocking.find((each) => typeof each === 'string' || isRefusedNeed(each)) ?? blocking[0];
  if (worst === undefined) return { jobId, state: 'limited', reason: 'Old snapshots are kept: that computer was not allowed to remove them.' };
  const isNo = typeof worst === 'string' || isRefusedNeed(worst);
  const reason = typeof worst === 'string' ? worst : isNo ? refusedText(worst) : waitingText(worst);
  return { jobId, state: isNo ? 'refused' : 'waiting', reason: reason.slice(0, 1000) };
}
