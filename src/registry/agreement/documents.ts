/** Identity documents: looked at by the scanner, stored encrypted, shown to operators (which the audit log tells), deleted after their term. */
import type { Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import { createHash } from 'node:crypto'
import { uuidv7 } from '../../base/ids.ts'
import type { Scanner } from '../../quarantine/types.ts'
import type { Database } from '../../storage/database.ts'
import { roleOf } from './actor.ts'
import { documentKind } from './document-kind.ts'
import type { Vault } from './document-vault.ts'
import type { Step, Steps } from './steps.ts'
import { find } from './subjects.ts'

export interface CheckedDocument {
  readonly mediaType: string
  readonly bytes: Buffer
}

export interface Documents {
  /** @throws `document-too-large`, `document-kind`, `document-infected` (client), `scanner-unavailable` (temporary) */
  check(bytes: Buffer): Promise<CheckedDocument>
  /** Stores a document of a request in a step; an earlier one goes. */
  store(step: Step, request: string, document: CheckedDocument): Promise<void>
  /** The document of a request, for an operator. @throws `no-such-request`, `no-document`, `not-yours`, `document-key`, `document-damaged` */
  show(request: string, actor: Actor): Promise<CheckedDocument>
}

/** Deletes the bytes of a request's documents; that there were some stays. */
export const deleteDocuments = ({ tx, slot, at }: Step, request: string): Promise<unknown> =>
  tx.query(
    `update document set sealed = null, nonce = null, deleted_at = $3 where slot = $1 and request = $2 and sealed is not null`,
    [slot, request, at],
  )

const placeOf = (slot: number, id: string): string => `document ${slot} ${id}`

export interface DocumentsDeps {
  readonly database: Database
  readonly steps: Steps
  readonly vault: Vault
  readonly scanner: Scanner
}

export function createDocuments({ database: { reader }, steps, vault, scanner }: DocumentsDeps): Documents {
  return {
    async check(bytes) {
      const mediaType = documentKind(bytes)
      const threat = await scanner.scan(bytes)
      if (threat) throw clientError('document-infected', `The document was refused: the virus scanner found ${threat.name}`)
      return { mediaType, bytes }
    },

    async store(step, request, { mediaType, bytes }) {
      const { tx, slot, at } = step
      await deleteDocuments(step, request)
      const id = uuidv7(at.getTime())
      const { keyId, nonce, sealed } = vault.seal(placeOf(slot, id), bytes)
      const sha256 = createHash('sha256').update(bytes).digest()
      await tx.query(
        `insert into document (slot, id, request, media_type, size, sha256, key_id, nonce, sealed, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [slot, id, request, mediaType, bytes.length, sha256, keyId, nonce, sealed, at],
      )
    },

    async show(request, actor) {
      const { slot } = await find(reader, 'request', request)
      if (roleOf(actor) !== 'operator') throw clientError('not-yours', 'Only operators see identity documents')
      // The entry commits before anybody sees anything.
      const row = await steps(slot, async (step) => {
        const [row] = await step.tx.query<{ id: string; mediaType: string; keyId: string; nonce: Buffer; sealed: Buffer }>(
          `select id, media_type as "mediaType", key_id as "keyId", nonce, sealed from document
           where slot = $1 and request = $2 and sealed is not null`,
          [slot, request],
        )
        if (!row) throw clientError('no-document', 'The request has no document: none was given yet, or its term is over')
        step.record({ ...actor, act: 'document-shown', object: `request:${request}`, details: { document: row.id } })
        return row
      })
      return { mediaType: row.mediaType, bytes: vault.open(placeOf(slot, row.id), row) }
    },
  }
}
