/** Why a delivery failed, in the form of the authority's note 12: CODE - PROVIDER - text (docs/reference/formats.md, "Reasons"). */
import type { Failure } from '../pec/certification-data.ts'

const failure = (error: Failure['error'], status: string, provider: string, text: string): Failure => ({
  error,
  text: `${status} - ${provider} - ${text}`,
})

export const noSuchMailbox = (provider: string): Failure => failure('no-dest', '5.1.1', provider, 'indirizzo non valido')
export const mailboxDisabled = (provider: string): Failure =>
  failure('altro', '5.2.1', provider, 'casella disabilitata temporaneamente')
export const mailboxFull = (provider: string): Failure => failure('altro', '5.2.2', provider, 'casella piena')

/**
 * The failure of a transport (RFC 6109 3.3.3), from the enhanced status code of the other server and its words.
 * Of the classes of note 12 only those about the address and the domain can be told from a code; the rest is `altro`.
 */
export function transportFailure(provider: string, status: string, words: string): Failure {
  if (status === '5.1.2' || status === '5.1.10') return failure('no-dominio', '5.1.2', provider, 'dominio inesistente')
  if (status === '5.1.1' || status === '5.1.6') return failure('no-dest', '5.1.1', provider, 'indirizzo non valido')
  return failure('altro', status, provider, words)
}
