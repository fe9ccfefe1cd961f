/** The frame of one step: a title that takes the focus, a lead, the step itself, and its buttons at the foot. */
import { useEffect, useRef, type ReactElement, type ReactNode } from 'react';

interface StepProps {
  title: string;
  lead: string;
  children: ReactNode;
  foot: ReactNode;
}

export function Step({ title, lead, children, foot }: StepProps): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  // A screen reader hears where it is now, and Tab goes on from here.
  useEffect(() => heading.current?.focus(), [title]);
  return (
    <>
      <div>
        <h1 ref={heading} tabIndex={-1} style={{ outline: 'none' }}>{title}</h1>
        <p className="setup__lead">{lead}</p>
      </div>
      {children}
      <div className="setup__foot">{foot}</div>
    </>
  );
}
