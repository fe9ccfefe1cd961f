/** The window's page: connects the bridge to the screens. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../tokens.css';
import '../components/base.css';
import '../components/controls.css';
import '../components/status.css';
import '../components/restore.css';
import './window.css';
import { AgentStore } from './app/agent-store.js';
import { App } from './App.js';
import { AppContext } from './app/context.js';
import { connectApp } from './app/api.js';

const root = document.getElementById('root');
if (root !== null) {
  const api = connectApp(window.holdfast);
  const store = new AgentStore(api);
  createRoot(root).render(
    <StrictMode>
      <AppContext value={{ api, store }}>
        <App />
      </AppContext>
    </StrictMode>,
  );
}
