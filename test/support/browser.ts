/** A browser for the tests: Debian's Chromium. */
import { chromium, type Browser } from 'playwright-core'
import type { TestScope } from '../../src/storage/test-database.ts'

export async function openBrowser(scope: TestScope): Promise<Browser> {
  // The tests run as root in a container, where its sandbox cannot be.
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  scope.after(() => browser.close())
  return browser
}
