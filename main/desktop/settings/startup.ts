/** Whether the app starts at login: the user service, as tray and window show it. */
import { asHoldfastError } from '../../shared/errors.js';
import type { Startup } from '../../shared/ipc.js';
import type { ServiceStatus, UserService } from '../../platform/service/index.js';

export class StartAtLogin {
  /** What was last seen; null before. */
  latest: Startup | null = null;

  /** @param open throws where no service manager is known. @param changed called when `latest` has another answer */
  constructor(private readonly open: () => UserService, private readonly changed: () => void) {}

  /** Never throws for what it finds: `reason` says it. */
  async look(): Promise<Startup> {
    try {
      return this.keep(view(await this.open().status()));
    } catch (thrown) {
      return this.keep({ atLogin: null, reason: asHoldfastError(thrown).message, name: null });
    }
  }

  /** @throws HoldfastError with what keeps the service from being installed or removed. */
  async set(atLogin: boolean): Promise<Startup> {
    const service = this.open();
    if (atLogin) await service.install({ linger: false });
    else await service.uninstall();
    return this.look();
  }

  private keep(found: Startup): Startup {
    const before = this.latest;
    this.latest = found;
    if (before?.atLogin !== found.atLogin) this.changed();
    return found;
  }
}

function view({ enabled, name, reason, state }: ServiceStatus): Startup {
  const usable = state !== 'unavailable' && state !== 'foreign';
  return { atLogin: usable ? enabled && state !== 'not-installed' : null, reason, name: usable ? name : null };
}
