/** The hub's page: connects the API to the screens. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import '../tokens.css';
import '../components/base.css';
import '../components/controls.css';
import '../components/status.css';
import '../components/restore.css';
import './dashboard.css';
import { Api } from './app/api.js';
import { App } from './App.js';
import { ApiContext } from './app/context.js';

// The page's policy forbids making code from text; without this zod would try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <ApiContext value={new Api()}>
        <App />
      </ApiContext>
    </StrictMode>,
  );
}
