/** The few icons of the desk, drawn on a 16 px grid, in the colour of the text around them. */
import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <g
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        {children}
      </g>
    </svg>
  );
}

export function ThumbUp(): ReactNode {
  return (
    <Icon>
      <path d="M2.5 7.5h2.3v6H2.5zM4.8 7.8 7.6 2.4c.9 0 1.6.7 1.5 1.7L8.8 6.4h3.6c.8 0 1.3.7 1.1 1.5l-1.1 4.5c-.1.6-.6 1.1-1.3 1.1H4.8" />
    </Icon>
  );
}

export function ThumbDown(): ReactNode {
  return (
    <Icon>
      <path d="M2.5 8.5h2.3v-6H2.5zM4.8 8.2l2.8 5.4c.9 0 1.6-.7 1.5-1.7L8.8 9.6h3.6c.8 0 1.3-.7 1.1-1.5l-1.1-4.5c-.1-.6-.6-1.1-1.3-1.1H4.8" />
    </Icon>
  );
}

export function OutwardLink(): ReactNode {
  return (
    <Icon>
      <path d="M6.5 3.5h-3v9h9v-3M9.5 3h3.5v3.5M12.7 3.3 7.5 8.5" />
    </Icon>
  );
}

export function ArrowDown(): ReactNode {
  return (
    <Icon>
      <path d="M8 3v9.5M4 8.8l4 4 4-4" />
    </Icon>
  );
}

export function Cross(): ReactNode {
  return (
    <Icon>
      <path d="m4 4 8 8M12 4l-8 8" />
    </Icon>
  );
}

export function Voice(): ReactNode {
  return (
    <Icon>
      <path d="M3 6.5v3M6.3 4v8M9.6 2.5v11M13 6v4" />
    </Icon>
  );
}

export function Phone(): ReactNode {
  return (
    <Icon>
      <path d="M3.2 2.8h2.3l1.1 2.9-1.5 1.1a8.300 8.300 0 0 0 4.100 4.100l1.100-1.500 2.900 1.100v2.300c0 .4-.3.7-.7.7C7.300 13.200 2.800 8.700 2.500 3.500c0-.4.3-.7.7-.7z" />
    </Icon>
  );
}

export function Page(): ReactNode {
  return (
    <Icon>
      <path d="M4 2.500h5L12 5.500v8H4zM9 2.500v3h3M6 8.500h4M6 11h3" />
    </Icon>
  );
}

export function ArrowUp(): ReactNode {
  return (
    <Icon>
      <path d="M8 13V3.5M4 7.2l4-4 4 4" />
    </Icon>
  );
}

export function Magnifier(): ReactNode {
  return (
    <Icon>
      <path d="M7 2.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 0 0 0-9zM10.300 10.300l3.200 3.200" />
    </Icon>
  );
}

export function Download(): ReactNode {
  return (
    <Icon>
      <path d="M8 2.500v7.500M4.800 7.200 8 10.400l3.200-3.200M3 13.300h10" />
    </Icon>
  );
}

export function Copy(): ReactNode {
  return (
    <Icon>
      <path d="M6 5.500h7.200v8H6zM10 5.500v-3H2.800v8H6" />
    </Icon>
  );
}

export function Undo(): ReactNode {
  return (
    <Icon>
      <path d="M5.500 3 2.800 5.700 5.500 8.400M2.800 5.700h6.400a3.600 3.600 0 0 1 0 7.200H6.500" />
    </Icon>
  );
}

export function Quote(): ReactNode {
  return (
    <Icon>
      <path d="M3 3.200h10v7.200H7.600L4.800 13v-2.600H3zM5.500 6h5M5.500 8h3.200" />
    </Icon>
  );
}

export function Eye(): ReactNode {
  return (
    <Icon>
      <path d="M1.800 8S4 3.800 8 3.800 14.200 8 14.200 8 12 12.200 8 12.200 1.800 8 1.800 8zM8 6.200a1.800 1.800 0 1 0 0 3.600a1.800 1.800 0 0 0 0-3.600z" />
    </Icon>
  );
}

export function Sliders(): ReactNode {
  return (
    <Icon>
      <path d="M2.500 5h6M12 5h1.500M10.200 3.300v3.400M2.500 11H4M7.500 11h6M5.800 9.300v3.400" />
    </Icon>
  );
}

export function Back(): ReactNode {
  return (
    <Icon>
      <path d="M13 8H3.500M7.200 4l-4 4 4 4" />
    </Icon>
  );
}
