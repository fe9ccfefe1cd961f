// @ts-check
/**
 * Many agents in one process, for tunnel-load.mjs: real TLS and WebSockets, the protocol's rules, nothing else. Each has one run
 * and tells numbered log lines of it; what is not acknowledged is sent again after a reconnect.
 *
 * Talks to its parent in messages: {do: 'events', each: N} to tell N more lines each, {do: 'drop'} to lose every connection at
 * once, as when an office's network goes; every 250 ms it reports its counts.
 */
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const [url = '', agentsFile = '', from = '0', to = '0', spreadMs = '1'] = process.argv.slice(2);
/** @type {{id: number, token: string, job: string}[]} */
const all = JSON.parse(readFileSync(agentsFile, 'utf8')).slice(Number(from), Number(to));

const counts = { connected: 0, recorded: 0, acked: 0, refused: 0, late: 0 };

class Agent {
  seq = 0;
  acked = 0;
  sent = 0;
  failures = 0;
  isUp = false;
  /** @type {WebSocket | null} */
  socket = null;
  cancelTimer = () => {};

  /** @param {{id: number, token: string, job: string}} who */
  constructor(who) {
    this.who = who;
  }

  connect() {
    const socket = new WebSocket(`${url.replace('https', 'wss')}/tunnel`, 'holdfast.v1', {
      rejectUnauthorized: false, perMessageDeflate: false, headers: { authorization: `Bearer ${this.who.token}` },
      // 20,000 local ports are not enough for one pair of addresses; loopback has sixteen million.
      localAddress: `127.0.0.${2 + (this.who.id % 8)}`,
    });
    this.socket = socket;
    // As the agent's: no welcome in 30 s is a failed attempt.
    const timer = setTimeout(() => { counts.late += 1; socket.terminate(); }, 30_000);
    this.cancelTimer = () => clearTimeout(timer);
    socket.on('open', () => socket.send(JSON.stringify({
      kind: 'hello', version: '0', host: 'load', os: 'linux', arch: 'x64', capabilities: [], clock: new Date().toISOString(), jobsRevision: 1, journalId: `load${this.who.id}`,
    })));
    socket.on('message', (data) => this.received(JSON.parse(data.toString())));
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.cancelTimer();
      if (this.isUp) counts.connected -= 1;
      this.isUp = false;
      if (code === 4409 || code === 4400) counts.refused += 1;
      // The agent's own backoff: full jitter from 1 s.
      const ceiling = Math.min(2_000 * 2 ** this.failures, 300_000);
      this.failures += 1;
      setTimeout(() => this.connect(), 1_000 + Math.random() * (ceiling - 1_000));
    });
  }

  /** @param {{kind: string, seq?: number, ackedSeq?: number}} message */
  received(message) {
    if (message.kind === 'welcome') {
      this.cancelTimer();
      this.failures = 0;
      this.isUp = true;
      counts.connected += 1;
      this.note(message.ackedSeq ?? 0);
      this.sent = this.acked;
      this.send();
    } else if (message.kind === 'ack') {
      this.note(message.seq ?? 0);
    }
  }

  /** @param {number} seq */
  note(seq) {
    counts.acked += seq - this.acked;
    this.acked = seq;
  }

  /** @param {number} lines */
  record(lines) {
    this.seq += lines;
    counts.recorded += lines;
    if (this.isUp) this.send();
  }

  send() {
    for (; this.sent < this.seq; this.sent += 1) {
      const seq = this.sent + 1;
      this.socket?.send(JSON.stringify({ kind: 'run.event', seq, at: new Date().toISOString(), runId: `run${this.who.id}`, jobId: this.who.job, event: { type: 'log', level: 'info', message: `line ${seq}` } }));
    }
  }
}

const agents = all.map((who) => new Agent(who));
agents.forEach((agent) => setTimeout(() => agent.connect(), Math.random() * Number(spreadMs)));
setInterval(() => process.send?.(counts), 250);
process.on('message', (/** @type {{do: string, each: number}} */ order) => {
  if (order.do === 'drop') for (const agent of agents) agent.socket?.terminate();
  if (order.do === 'events') for (const agent of agents) setTimeout(() => agent.record(order.each), Math.random() * 5_000);
});
process.on('disconnect', () => process.exit(0));
