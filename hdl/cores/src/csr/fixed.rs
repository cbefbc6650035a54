//! Constants whose value is part of their type, so that a block with many of them can derive `Default`.

use rust_hdl::prelude::*;

macro_rules! delegate {
    ($name:ident < $($parameter:ident : $kind:ty),+ >) => {
        impl<$(const $parameter: $kind),+> Logic for $name<$($parameter),+> {
            fn update(&mut self) {}
        }

        impl<$(const $parameter: $kind),+> Block for $name<$($parameter),+> {
            fn connect_all(&mut self) {}
            fn update_all(&mut self) {}
            fn has_changed(&self) -> bool {
                false
            }
            fn accept(&self, name: &str, probe: &mut dyn Probe) {
                self.0.accept(name, probe);
            }
        }
    };
}

/// The place of a register within its block as the bus gives it: `OFFSET` bytes, in words.
#[derive(Clone, Debug)]
pub struct At<const OFFSET: u32>(Constant<Bits<7>>);

impl<const OFFSET: u32> Default for At<OFFSET> {
    fn default() -> Self {
        Self(Constant::new(u64::from(OFFSET / 4).into()))
    }
}

impl<const OFFSET: u32> At<OFFSET> {
    /// The value, in kernels.
    pub fn val(&self) -> Bits<7> {
        self.0.val()
    }
}

delegate!(At<OFFSET: u32>);

/// `VALUE` in `WIDTH` bits.
#[derive(Clone, Debug)]
pub struct Fixed<const WIDTH: usize, const VALUE: u64>(Constant<Bits<WIDTH>>);

impl<const WIDTH: usize, const VALUE: u64> Default for Fixed<WIDTH, VALUE> {
    fn default() -> Self {
        Self(Constant::new(VALUE.into()))
    }
}

impl<const WIDTH: usize, const VALUE: u64> Fixed<WIDTH, VALUE> {
    /// The value, in kernels.
    pub fn val(&self) -> Bits<WIDTH> {
        self.0.val()
    }
}

delegate!(Fixed<WIDTH: usize, VALUE: u64>);

/// A constant of `WIDTH` bits whose value a constructor gives; 0 by default.
#[derive(Clone, Debug)]
pub struct Given<const WIDTH: usize>(Constant<Bits<WIDTH>>);

impl<const WIDTH: usize> Default for Given<WIDTH> {
    fn default() -> Self {
        Self::new(0)
    }
}

impl<const WIDTH: usize> Given<WIDTH> {
    /// This value.
    pub fn new(value: u64) -> Self {
        Self(Constant::new(value.into()))
    }

    /// The value, in kernels.
    pub fn val(&self) -> Bits<WIDTH> {
        self.0.val()
    }
}

delegate!(Given<WIDTH: usize>);
