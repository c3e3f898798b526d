/** What came of a file: a report, or why there is none. */
import { CeralaccaError } from '../../src/base/errors.ts'
import type { BundleReport } from '../../src/evidence/bundle-verify.ts'
import { CannotJudge } from '../platform/signatures.ts'
import { verifyFile } from './verify.ts'

export type Failure = 'notRead' | 'noAuthorities' | 'cannotJudge' | 'failed'

export type Outcome =
  | { readonly file: string; readonly report: BundleReport }
  | { readonly file: string; readonly failure: Failure; readonly reason: string }

function failureOf(error: unknown): Failure {
  if (error instanceof CannotJudge) return 'cannotJudge'
  if (!(error instanceof CeralaccaError)) return 'failed'
  if (error.code === 'certificate-unreadable') return 'noAuthorities'
  return error.code === 'not-a-bundle' ? 'notRead' : 'failed'
}

/** Never throws: whatever goes wrong is an outcome, and none that says that the bundle verifies. */
export async function outcomeOf(bundle: File, authorities: File | null): Promise<Outcome> {
  try {
    const pem = authorities === null ? null : await authorities.text()
    return { file: bundle.name, report: await verifyFile(await bundle.arrayBuffer(), pem) }
  } catch (error) {
    return { file: bundle.name, failure: failureOf(error), reason: error instanceof Error ? error.message : String(error) }
  }
}
