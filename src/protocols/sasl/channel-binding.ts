/** Channel binding: what ties an exchange to its TLS connection, so that nobody in between can pass it on. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** RFC 9266 */
export const CHANNEL_BINDING = 'tls-exporter'

/**
 * What both ends of this connection know and nobody else; undefined if it cannot be bound to. Before TLS 1.3 it would need the extended master
 * secret (RFC 9266 4.2), and whether that was agreed upon cannot be seen here.
 */
export function channelBindingOf(socket: Socket): Buffer | undefined {
  if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') return undefined
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
}
