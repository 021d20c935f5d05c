import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Entrance } from './Entrance.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/calls.css';
import './styles/transcript.css';
import './styles/suggestions.css';
import './styles/notices.css';
import './styles/dialogs.css';
import './styles/wall.css';
import './styles/forced.css';

const root = document.getElementById('desk');
if (!root) throw new Error('index.html has no #desk');
createRoot(root).render(
  <StrictMode>
    <Entrance search={window.location.search} path={window.location.pathname} />
  </StrictMode>,
);
