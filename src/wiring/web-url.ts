import type { Config } from '../config/config.ts'

/** Public address of the web pages, without a slash at its end. */
export const webUrl = ({ values, ports }: Config): string =>
  values.CERALACCA_WEB_URL ?? `https://${values.CERALACCA_SERVER_NAME}:${ports.https}`
