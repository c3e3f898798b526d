/**
 * The IMAP server (RFC 3501). See README.md of this folder.
 */
import { createConnectionLimits, type ConnectionLimits } from '../../base/connection-limits.ts'
import { createPorts } from '../wire/ports.ts'
import type { Ports, TlsKeys } from '../wire/ports.ts'
import { Connection } from './connection.ts'
import { watchRest } from './hibernation.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { ImapLimits } from './limits.ts'
import type { SessionDeps } from './session.ts'

export interface ImapDeps extends Omit<SessionDeps, 'limits' | 'connections'> {
  readonly tls: TlsKeys
  readonly limits?: Partial<ImapLimits>
  /** shared with other services; default: its own */
  readonly connections?: ConnectionLimits
}

export type ImapServer = Ports

export function createImapServer({ tls, limits, connections = createConnectionLimits(), ...rest }: ImapDeps): ImapServer {
  const deps: SessionDeps = { ...rest, connections, limits: { ...DEFAULT_LIMITS, ...limits } }
  const { clients, listen, close } = createPorts({
    tls,
    handshakeTime: deps.limits.loginTime,
    connections: deps.limits.connections,
    perClient: connections,
    farewells: {
      full: '* BYE [UNAVAILABLE] Too many connections\r\n',
      perClient: '* BYE [LIMIT] Too many connections from your address\r\n',
    },
    accept: (socket, context) => new Connection(deps, socket, context),
  })
  const stopWatching = watchRest(clients, deps.limits.hibernate)
  return {
    listen,
    close() {
      stopWatching()
      return close()
    },
  }
}
