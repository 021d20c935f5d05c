import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/calls.css';
import './styles/transcript.css';
import './styles/suggestions.css';
import './styles/notices.css';

const root = document.getElementById('desk');
if (!root) throw new Error('index.html has no #desk');
createRoot(root).render(
  <StrictMode>
    <App search={window.location.search} />
  </StrictMode>,
);
