/**
 * The window's contract with the app: everything a page may ask of it, and everything it is told. The agent's control methods pass through
 * unchanged under their own names; what only a desktop can do (dialogs, files, printer, clipboard) is added here. One channel each way.
 */
import { z } from 'zod';
import { controlEvents, controlMethods } from './control.js';
import { errorShape } from './error-shape.js';
import { idSchema } from './model.js';

const method = <P extends z.ZodType, R extends z.ZodType>(params: P, result: R): { params: P; result: R } => ({ params, result });
const nothing = z.object({});
const path = z.string().startsWith('/', 'a path must be absolute').max(4096);

export const suggestedFolderSchema = z.object({ path, name: z.string(), selected: z.boolean() });
export type SuggestedFolder = z.infer<typeof suggestedFolderSchema>;

export const placeSchema = z.object({
  /** The same for the same path, so that a set-up that was broken off finds its password again. */
  destinationId: idSchema,
  /** The folder that would hold the repository. It need not exist yet. */
  path,
  name: z.string(),
  kind: z.enum(['disk', 'folder']),
  /** Bytes; null when the system does not say. */
  freeBytes: z.number().min(0).nullable(),
});
export type Place = z.infer<typeof placeSchema>;

/** Pages outside the app that a window may open, by name: no address ever comes from a page. */
export const externalPages = ['restic', 'restic-restore'] as const;

/** Whether Holdfast starts by itself at login. */
export const startupSchema = z.object({
  /** Null where there is no service manager that Holdfast can use: then `reason` says what to do instead. */
  atLogin: z.boolean().nullable(),
  /** One or two sentences: how the service is and what to do. */
  reason: z.string(),
  /** The service's name, for the manager's own tools; null where there is none. */
  name: z.string().nullable(),
});
export type Startup = z.infer<typeof startupSchema>;

export const appSettingsSchema = z.object({
  notifications: z.boolean(),
  updates: z.object({
    /** `itself`: this installation replaces itself. `others`: a package manager or its owner does. */
    by: z.enum(['itself', 'others']),
    automatic: z.boolean(),
    /** The folder that new versions come from; null: from nowhere. */
    url: z.string().nullable(),
    /** A version that is loaded and waits to be installed. */
    waiting: z.string().nullable(),
  }),
  /** Where everything is, by what it is. */
  folders: z.array(z.object({ name: z.string(), path })),
});
export type AppSettings = z.infer<typeof appSettingsSchema>;

export const removalSchema = z.object({
  /** What would not run any more. */
  jobs: z.array(z.object({ id: idSchema, name: z.string(), destination: z.string(), kitSaved: z.boolean() })),
  /** The hub elsewhere that knows this computer; null when there is none. */
  hub: z.string().nullable(),
  /** In Holdfast's own folders; they stay. */
  repositories: z.array(path),
  /** False where another process runs the agent: then it is done by command. */
  possible: z.boolean(),
});
export type RemovalView = z.infer<typeof removalSchema>;

export const ownHubSchema = z.object({
  /** Other computers of the network can reach it. */
  lan: z.boolean(),
  /** Where they find it, or would; null where this computer is in no network. */
  address: z.string().nullable(),
  /** Null when it can be changed here; else who decides about it. */
  fixed: z.string().nullable(),
});
export type OwnHubView = z.infer<typeof ownHubSchema>;

export const windowMethods = {
  /** Opens the system's folder dialog. Empty when it was cancelled. */
  chooseFolders: method(nothing, z.object({ paths: z.array(path) })),
  chooseDestination: method(nothing, z.object({ place: placeSchema.nullable() })),
  /** Opens the system's dialog for the folder that a restore writes into. Null when it was cancelled. */
  chooseRestoreFolder: method(nothing, z.object({ path: path.nullable() })),
  /** Opens the system's dialog for a file to save a dump as. Null when it was cancelled. */
  chooseDumpFile: method(z.object({ name: z.string().min(1).max(255).refine((name) => !name.includes('/'), 'a name has no slash in it') }), z.object({ path: path.nullable() })),
  /** Shows what a restore brought back in the system's file manager. */
  openRestored: method(z.object({ restoreId: idSchema }), nothing),
  /** Folders most people keep their work in, of those that exist here. */
  suggestFolders: method(nothing, z.object({ folders: z.array(suggestedFolderSchema) })),
  /** Places for a repository, best first: attached disks, then a folder at home. */
  suggestDestinations: method(nothing, z.object({ places: z.array(placeSchema) })),
  /** What speaks against a destination, each a sentence; `excludes` keeps it from backing itself up. */
  judgeDestination: method(
    z.object({ path, sources: z.array(path).max(1000) }),
    z.object({ warnings: z.array(z.string()), excludes: z.array(z.string()) })),
  /** Asks where, and writes the kit there; `path` is null when the dialog was cancelled. The kit counts as confirmed then. */
  saveRecoveryKit: method(z.object({ destinationId: idSchema }), z.object({ path: z.string().nullable() })),
  /** Opens the system's print dialog. The kit counts as confirmed when it was printed. */
  printRecoveryKit: method(z.object({ destinationId: idSchema }), z.object({ printed: z.boolean() })),
  copyText: method(z.object({ text: z.string().max(4_000_000) }), nothing),
  openExternal: method(z.object({ page: z.enum(externalPages) }), nothing),
  /** Opens the page of a service where keys for it are made, by the service's id in presets.ts. */
  openKeyPage: method(z.object({ preset: z.string().max(40) }), nothing),
  /** Whether this app has a hub of its own to go back to, and whether it shows an agent that runs elsewhere. */
  about: method(nothing, z.object({ ownHub: z.boolean(), attached: z.boolean(), version: z.string() })),
  startup: method(nothing, startupSchema),
  /** Installs or removes the service; this app goes on either way. */
  setStartup: method(z.object({ atLogin: z.boolean() }), startupSchema),
  settings: method(nothing, appSettingsSchema),
  changeSettings: method(
    z.object({ notifications: z.boolean().optional(), updates: z.object({ automatic: z.boolean(), url: z.string().max(2000).nullable() }).optional() }), appSettingsSchema),
  /** Looks for a new version now, and says what was found. */
  checkForUpdates: method(nothing, z.object({ said: z.string() })),
  /** Opens the folder of the logs in the system's file manager. */
  openLogs: method(nothing, nothing),
  /** What removing Holdfast from this computer would end. */
  removal: method(nothing, removalSchema),
  /** Asks once more, outside of the page, and then removes it and leaves. `removed` is false when the owner thought better of it. */
  removeHoldfast: method(z.object({ purge: z.boolean(), keepOnHub: z.boolean(), forgetPasswords: z.boolean() }), z.object({ removed: z.boolean() })),
  /** Joins the hub inside this app. */
  useOwnHub: method(nothing, nothing),
  /** The hub inside this app; null when it does not run. */
  ownHub: method(nothing, ownHubSchema.nullable()),
  /** Lets other computers of the network reach it, or ends that. */
  openOwnHub: method(z.object({ lan: z.boolean() }), ownHubSchema.nullable()),
  /** Opens its dashboard in the browser, logged in as its owner. */
  openDashboard: method(nothing, nothing),
};

export const ipcMethods = { ...controlMethods, ...windowMethods };
export type IpcMethods = typeof ipcMethods;
export type IpcMethod = keyof IpcMethods;
export type WindowMethod = keyof typeof windowMethods;
export type IpcParams<M extends IpcMethod> = z.input<IpcMethods[M]['params']>;
export type IpcResult<M extends IpcMethod> = z.infer<IpcMethods[M]['result']>;

const methodNames = Object.keys(ipcMethods) as [IpcMethod, ...IpcMethod[]];
export const ipcRequestSchema = z.object({ method: z.enum(methodNames), params: z.unknown() });
export type IpcRequest = z.infer<typeof ipcRequestSchema>;

/** Errors cross as their shape: what Electron makes of a thrown Error is not fit for a screen. */
export const ipcReplySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: errorShape }),
]);
export type IpcReply = z.infer<typeof ipcReplySchema>;

/** The agent's events, and `show`: the tray asks the window to open a place. */
export const ipcEventSchemas = { ...controlEvents, show: z.object({ place: z.enum(['connection', 'jobs', 'restore', 'logs', 'settings']) }) };
export type IpcEvents = { [E in keyof typeof ipcEventSchemas]: z.infer<(typeof ipcEventSchemas)[E]> };
export type IpcEvent = keyof IpcEvents;
export const ipcEventSchema = z.object({ event: z.enum(Object.keys(ipcEventSchemas) as [IpcEvent, ...IpcEvent[]]), payload: z.unknown() });

/** What the preload puts on `window`. It carries messages and nothing else; both ends parse them. */
export interface IpcBridge {
  call(request: IpcRequest): Promise<unknown>;
  /** @returns a function that ends the subscription. */
  listen(listener: (message: unknown) => void): () => void;
}
