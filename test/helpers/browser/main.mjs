// @ts-check
/** Electron as a plain browser, for tests of the hub's page: a window in a Chromium sandbox of its own, without preload, that trusts one certificate. */
import { app, BrowserWindow } from 'electron';

const [url = 'about:blank', fingerprint = ''] = process.argv.slice(-2);

// As a person who compared the fingerprint would answer the browser's question; any other certificate is refused.
app.on('certificate-error', (event, _contents, _url, _error, certificate, callback) => {
  event.preventDefault();
  const digest = Buffer.from(certificate.fingerprint.replace(/^sha256\//, ''), 'base64').toString('hex');
  callback(digest === fingerprint);
});
app.on('window-all-closed', () => app.quit());
void app.whenReady().then(() => new BrowserWindow({ width: 1280, height: 820, webPreferences: { sandbox: true, contextIsolation: true } }).loadURL(url));
