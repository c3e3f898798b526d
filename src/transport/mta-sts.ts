/** MTA-STS (RFC 8461): whether a domain wants its mail over verified TLS only, and at which hosts. Policies are kept in memory. */
import { getPolicy, validateMx } from 'mailauth/lib/mta-sts.js'
import { createBriefCache } from './brief-cache.ts'
import type { DnsClient } from './dns-client.ts'

/** As mailauth reads it; `testing` and `none` ask for nothing. */
export type StsPolicy = Awaited<ReturnType<typeof getPolicy>>['policy']

export interface MtaStsDeps {
  readonly resolve: DnsClient['resolve']
  /** for the policy file, in milliseconds */
  readonly timeoutMs: number
  /** milliseconds since 1970 */
  readonly now: () => number
}

const MOST_DOMAINS = 10_000
/** A policy holds for as long as it says; whether its id has changed is asked so often. */
const RECHECK_MS = 5 * 60_000

/** @returns a function from a domain to its policy in force; mode `none` where there is none or it cannot be had (RFC 8461 5). */
export function createMtaSts({ resolve, timeoutMs, now }: MtaStsDeps): (domain: string) => Promise<StsPolicy> {
  return createBriefCache<StsPolicy>({
    load: async (domain, previous) =>
      (await getPolicy(domain, previous, { resolver: resolve, timeout: timeoutMs, strict: true })).policy,
    lifetime: () => RECHECK_MS,
    most: MOST_DOMAINS,
    now,
  })
}

/** Whether mail may go to that host; where `enforced`, over verified TLS only. */
export function judgeHost(policy: StsPolicy, host: string): { readonly enforced: boolean; readonly allowed: boolean } {
  const enforced = policy.mode === 'enforce'
  return { enforced, allowed: !enforced || validateMx(host, policy).valid }
}
